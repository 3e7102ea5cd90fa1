import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { fromHex, sameBytes, toHex } from '../base/encoding.ts'
import { STORE_ID_BYTES } from './custody-record.ts'
import { KnownChain } from './known-chain.ts'
import { type BadLine, LineFaults } from './line-faults.ts'
import { corrupt, RecordFields } from './record-fields.ts'
import { EMPTY_HEAD } from './transcript.ts'
import { isClosing, readLine } from './transcript-line.ts'
import { type TranscriptFacts, type Verifier, verifyTranscript } from './transcript-verify.ts'

const FORMAT = 1
const KIND = 'conclave transcripts'
const WHAT = 'the first line'

/**
 * The first line of an export: what the file announces. It is signed by nobody and proves nothing; it finds a
 * file that was cut off on its way. After it come the transcripts, line by line, in the order of their ends.
 */
export interface ExportHeader {
  /** Hex. */
  readonly storeId: string
  readonly ceremonies: number
  /** Hash of the closing line before the first transcript of the file; zeros where it begins with init. */
  readonly previous: Uint8Array
  /** Hash of the last closing line of the file. */
  readonly head: Uint8Array
}

/** A bad line, counted from 0 over the whole file, and which of the files it is in. */
export interface BadExportLine extends BadLine {
  readonly file: number
}

export type ExportVerdict =
  | { readonly ok: true; readonly chain: KnownChain; readonly ceremonies: readonly TranscriptFacts[] }
  | { readonly ok: false; readonly bad: BadExportLine }

/** The bytes of the first line, without its newline. */
export function exportHeader(header: ExportHeader): Uint8Array {
  return canonicalJson({
    ceremonies: header.ceremonies,
    format: FORMAT,
    head: toHex(header.head),
    kind: KIND,
    previous: toHex(header.previous),
    store_id: header.storeId,
  })
}

/**
 * Verifies exports of one store, each given as its lines, in the order in which they were made: the first
 * begins with init, each later one where the one before ends. Tells the first bad line.
 */
export function verifyExports(verifier: Verifier, files: readonly (readonly Uint8Array[])[]): ExportVerdict {
  const chain = new KnownChain()
  const ceremonies: TranscriptFacts[] = []
  for (const [file, lines] of files.entries()) {
    const bad = verifyFile(verifier, lines, { chain, ceremonies })
    if (bad !== null) return { ok: false, bad: { file, ...bad } }
  }
  return { ok: true, chain, ceremonies }
}

/** Adds what the file proves to `verified`. */
function verifyFile(
  verifier: Verifier,
  lines: readonly Uint8Array[],
  verified: { readonly chain: KnownChain; readonly ceremonies: TranscriptFacts[] },
): BadLine | null {
  const { chain, ceremonies } = verified
  const header = new LineFaults().reading(0, () => readHeader(lines[0] ?? new Uint8Array()))
  if (header === null) return { line: 0, fault: 'is not the first line of an export of transcripts' }
  if (!sameBytes(header.previous, chain.head.hash)) return gap(header, chain)
  const before = ceremonies.length
  let start = 1
  for (const transcript of split(lines.slice(1))) {
    const verdict = verifyTranscript(verifier, transcript, chain)
    if (!verdict.ok) return { line: start + verdict.bad.line, fault: verdict.bad.fault }
    chain.accept(verdict.facts)
    ceremonies.push(verdict.facts)
    start += transcript.length
  }
  return checkHeader(header, chain, { ceremonies: ceremonies.length - before, end: lines.length })
}

function gap({ previous }: ExportHeader, { head }: KnownChain): BadLine {
  const after = `begins after the closing line ${toHex(previous)}`
  const why =
    head.ceremonyId === null ? 'not with init: give the files before it as well' : 'no file ends there'
  return { line: 0, fault: `${after}, and ${why}` }
}

/** Where number and head both are not the file's, it was cut off; where only one is not, it was altered. */
function checkHeader(
  header: ExportHeader,
  chain: KnownChain,
  file: { readonly ceremonies: number; readonly end: number },
): BadLine | null {
  if (chain.head.ceremonyId === null) return { line: file.end, fault: 'is missing: there is no transcript' }
  const isNumber = header.ceremonies === file.ceremonies
  const isHead = sameBytes(header.head, chain.head.hash)
  if (!isNumber && !isHead) {
    return { line: file.end, fault: 'is missing: the file ends before the last ceremony that it announces' }
  }
  if (!isNumber) return { line: 0, fault: 'announces another number of ceremonies than the file has' }
  if (!isHead) return { line: 0, fault: 'announces another last closing line than the file has' }
  if (header.storeId !== (chain.storeId ?? header.storeId)) return { line: 0, fault: 'names another store' }
  return null
}

/** The transcripts of a file. A line that cannot be read stays where it is, to be told as what it is. */
function split(lines: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const told = new LineFaults()
  const transcripts: Uint8Array[][] = []
  let isOpen = false
  for (const [index, bytes] of lines.entries()) {
    const line = told.reading(index, () => readLine(bytes))
    if (!isOpen || line?.event === 'opened') transcripts.push([])
    transcripts.at(-1)?.push(bytes)
    isOpen = line === null || !isClosing(line)
  }
  return transcripts
}

/** Throws `corrupt_store` for any other line. */
function readHeader(bytes: Uint8Array): ExportHeader {
  const fields = new RecordFields(parseCanonicalJson(bytes) ?? undefined, WHAT)
  if (fields.text('kind') !== KIND) throw corrupt(WHAT, 'is of another kind')
  fields.integer('format', { min: FORMAT, max: FORMAT })
  const header = {
    storeId: toHex(hexBytes(fields, 'store_id', STORE_ID_BYTES)),
    ceremonies: fields.integer('ceremonies', { min: 0, max: Number.MAX_SAFE_INTEGER }),
    previous: hexBytes(fields, 'previous', EMPTY_HEAD.length),
    head: hexBytes(fields, 'head', EMPTY_HEAD.length),
  }
  fields.end()
  return header
}

function hexBytes(fields: RecordFields, name: string, length: number): Uint8Array {
  const bytes = fromHex(fields.text(name))
  if (bytes?.length !== length) throw corrupt(WHAT, `has no ${length} bytes "${name}"`)
  return bytes
}

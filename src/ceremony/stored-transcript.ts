import type { Barrier } from '../barrier/barrier.ts'
import { TRANSCRIPTS_PREFIX } from '../barrier/paths.ts'
import type { UnixMillis } from '../base/clock.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_LIST_PAGE } from '../base/limits.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { readStatement, type StatementFacts } from '../custody/statement-reader.ts'
import type { Closing } from '../custody/transcript.ts'
import { isClosing, type ReadClosing, readLine } from '../custody/transcript-line.ts'

/** A ceremony of the past, or one that is running. */
export interface CeremonySummary {
  readonly id: string
  readonly kind: StatementFacts['kind']
  readonly opened: UnixMillis
  /** `null` while it is running. */
  readonly ended: UnixMillis | null
  readonly outcome: Closing['event'] | 'running'
  /** Of the custody record: the one that it made, or else the one on which it was opened. */
  readonly serial: number
  /** SHA-256 of its closing line. */
  readonly head: Uint8Array | null
}

export interface StoredCeremony {
  readonly summary: CeremonySummary
  /** The ceremony that was closed before this one; `null` for the first, and while this one is running. */
  readonly previous: string | null
}

/** A UUID in lower case: what a ceremony id is, and nothing that could name another place of the store. */
const CEREMONY_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The lines of one transcript, in order; `null` where there is no such ceremony. Throws `corrupt_entry`,
 * `corrupt_store`.
 */
export async function readTranscript(barrier: Barrier, id: string): Promise<readonly Uint8Array[] | null> {
  const names = await lineNames(barrier, id)
  const lines: Uint8Array[] = []
  for (const name of names) lines.push(await readStored(barrier, id, name))
  return lines.length === 0 ? null : lines
}

/** As `readTranscript`, but of any number of lines only the first and the last are read. */
export async function readSummary(
  barrier: Barrier,
  primitives: Primitives,
  id: string,
): Promise<StoredCeremony | null> {
  const names = await lineNames(barrier, id)
  const [first, last] = [names[0], names.at(-1)]
  if (first === undefined || last === undefined) return null
  const opening = readLine(await readStored(barrier, id, first))
  if (opening.event !== 'opened') throw damaged()
  const end = await readStored(barrier, id, last)
  const closing = closingOf(end)
  const { kind, opened } = readStatement(opening.statement)
  const summary: CeremonySummary = {
    id,
    kind,
    opened,
    ended: closing?.time ?? null,
    outcome: closing?.event ?? 'running',
    serial: closing?.facts.serial ?? opening.serial,
    head: closing === null ? null : primitives.sha256(end),
  }
  return { summary, previous: closing?.previousCeremony ?? null }
}

function closingOf(end: Uint8Array): ReadClosing | null {
  const line = readLine(end)
  return isClosing(line) ? line : null
}

async function lineNames(barrier: Barrier, id: string): Promise<readonly string[]> {
  if (!CEREMONY_ID.test(id)) return []
  return await barrier.list(`${TRANSCRIPTS_PREFIX}${id}/`, { after: '', limit: MAX_LIST_PAGE })
}

async function readStored(barrier: Barrier, id: string, name: string): Promise<Uint8Array> {
  const stored = await barrier.get(`${TRANSCRIPTS_PREFIX}${id}/${name}`)
  if (stored === null) throw damaged()
  return stored
}

function damaged(): OperatingError {
  return new OperatingError('corrupt_store', 'a line of a transcript is missing from the store')
}

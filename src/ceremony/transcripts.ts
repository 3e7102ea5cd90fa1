import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { TRANSCRIPT_HEAD_PATH, TRANSCRIPTS_PREFIX } from '../barrier/paths.ts'
import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import { fromBase64, toBase64 } from '../base/encoding.ts'
import { corrupt } from '../custody/record-fields.ts'
import { EMPTY_HEAD, type TranscriptLine } from '../custody/transcript.ts'

/** Where a line of a ceremony's transcript is stored. Names sort as the lines do. */
export function linePath(ceremonyId: string, line: number): string {
  return `${TRANSCRIPTS_PREFIX}${ceremonyId}/${String(line).padStart(5, '0')}`
}

/** The write that stores `line`, the newest of its transcript. */
export function lineWrite(ceremonyId: string, line: TranscriptLine): PlainWrite {
  return { op: 'put', key: linePath(ceremonyId, line.next.lines - 1), value: line.bytes }
}

/** The write that makes a closing line the head to which the next transcript is tied. */
export function headWrite(closing: TranscriptLine): PlainWrite {
  const value = canonicalJson({ head: toBase64(closing.next.head) })
  return { op: 'put', key: TRANSCRIPT_HEAD_PATH, value }
}

/** SHA-256 of the newest closing line; zeros where there is none yet. Throws `corrupt_store`. */
export async function readHead(barrier: Barrier): Promise<Uint8Array> {
  const stored = await barrier.get(TRANSCRIPT_HEAD_PATH)
  if (stored === null) return EMPTY_HEAD
  const value = parseCanonicalJson(stored)
  const head = typeof value === 'object' && value !== null && 'head' in value ? value['head'] : null
  const bytes = typeof head === 'string' ? fromBase64(head) : null
  if (bytes?.length !== EMPTY_HEAD.length) throw corrupt('the head of the transcripts', 'cannot be read')
  return bytes
}

import { join } from 'node:path'
import { hasCode, OperatingError } from '../../base/errors.ts'
import { STORE_FILE } from './folder.ts'
import { openingRefused, refusalOf, whyNotWritable } from './probe.ts'
import { extendedCode, isDamaged } from './sqlite-errors.ts'

/** By primary result code. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [5, 'another process holds it'],
  [10, 'input/output error'],
  [14, 'the system does not let it be opened'],
])

/** Why the store in `folder` cannot be opened, in a sentence that stands for itself. */
export function openingError(error: unknown, folder: string): OperatingError {
  if (isDamaged(error) || hasCode(error, 'corrupt_store')) return damaged(error, folder)
  // Ours that say more than what SQLite returned stay as they are.
  if (error instanceof OperatingError && typeof error.detail['sqlite'] !== 'number') return error
  const refusal = refusalOf(error) ?? whyNotWritable(folder)
  if (refusal !== null) return openingRefused(refusal, folder, error)
  const text = `the store in ${folder} cannot be opened (${reasonOf(error)}): run  conclave operator diagnose`
  return new OperatingError('storage_unavailable', text, { cause: error })
}

/** Ours of a table or a lock file say what is wrong with it. */
function damaged(error: unknown, folder: string): OperatingError {
  if (error instanceof OperatingError && error.detail['sqlite'] === undefined) return error
  const text =
    `${join(folder, STORE_FILE)} is damaged, or the disk fails to read it: look into the log of the ` +
    'system, and restore the newest snapshot'
  return new OperatingError('corrupt_store', text, { cause: error })
}

function reasonOf(error: unknown): string {
  const sqlite = error instanceof OperatingError ? error.detail['sqlite'] : extendedCode(error)
  if (typeof sqlite === 'number' && sqlite > 0) {
    const known = REASONS.get(sqlite & 0xff)
    return `${known === undefined ? '' : `${known}, `}SQLite code ${sqlite}`
  }
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
}

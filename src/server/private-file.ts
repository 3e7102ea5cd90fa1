import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { OperatingError } from '../base/errors.ts'

/**
 * Writes the parts into a file of mode 0600: beside it first, then renamed, so that a crash leaves a whole
 * file or the one before.
 */
export function writePrivateFile(path: string, ...parts: readonly Uint8Array[]): void {
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w', 0o600)
  try {
    for (const part of parts) {
      for (let written = 0; written < part.length; ) written += writeSync(file, part, written)
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}

/** `null` where there is no such file. Throws `store_unsafe` where this user may not read it. */
export function readIfThere(path: string): Uint8Array | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new OperatingError('store_unsafe', `${path} cannot be read by this user`, { cause: error })
  }
}

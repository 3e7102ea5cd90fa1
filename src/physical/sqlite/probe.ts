import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { OperatingError } from '../../base/errors.ts'

/** Made and taken away again at once. One that a crash left behind is never read. */
export const PROBE_FILE = 'conclave.db.probe'

/** Room for a small commit: what has less is as good as full. */
const PROBE_BYTES = 64 * 1024

/** errno(3) of Linux; Node.js has no name for it. */
const EDQUOT = 122

export type WriteRefusal = 'storage_full' | 'storage_read_only'

/**
 * Why the system takes no write in `folder`, or `null` where it takes one, or fails in another way. SQLite
 * tells that a write failed and not why, and a full quota must not end a server as a broken disk does.
 */
export function whyNotWritable(folder: string): WriteRefusal | null {
  const path = join(folder, PROBE_FILE)
  try {
    rmSync(path, { force: true })
    const file = openSync(path, 'wx', 0o600)
    try {
      return fill(file)
    } finally {
      closeSync(file)
      rmSync(path, { force: true })
    }
  } catch (error) {
    return refusalOf(error)
  }
}

/** What an error of `node:fs` says of writing, or `null` where it is about something else. */
export function refusalOf(error: unknown): WriteRefusal | null {
  if (!(error instanceof Error)) return null
  const code = 'code' in error ? error.code : ''
  const isOverQuota = process.platform === 'linux' && 'errno' in error && error.errno === -EDQUOT
  if (code === 'ENOSPC' || isOverQuota) return 'storage_full'
  return code === 'EROFS' ? 'storage_read_only' : null
}

/** That the store in `folder` cannot be opened or made, for `refusal`. The sentence stands for itself. */
export function openingRefused(refusal: WriteRefusal, folder: string, cause: unknown): OperatingError {
  const text =
    refusal === 'storage_full'
      ? `there is no room on the disk of ${folder}: make some, and start again`
      : `the file system of ${folder} is read-only: make it writable, and start again`
  return new OperatingError(refusal, text, { cause })
}

/** A full disk may take a part. */
function fill(file: number): WriteRefusal | null {
  const bytes = new Uint8Array(PROBE_BYTES)
  for (let offset = 0; offset < bytes.length; ) {
    const length = writeSync(file, bytes, offset)
    if (length === 0) return 'storage_full'
    offset += length
  }
  return null
}

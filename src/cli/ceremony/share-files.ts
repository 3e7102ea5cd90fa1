import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecretBytes } from '../../base/secret-bytes.ts'
import { UsageError } from '../failure.ts'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const OTHERS = 0o077

/**
 * Makes the folder that will take one file a holder, or accepts an empty one that only this user may read.
 * Throws `UsageError` before anything was asked of a server: a share must never be made without a place.
 */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    const facts = await lstat(folder)
    if (!facts.isDirectory()) throw new UsageError(`${folder} is no folder`)
    if ((facts.mode & OTHERS) !== 0) {
      throw new UsageError(`others could read what is written to ${folder}`, {
        hint: `Run "chmod 700 ${folder}", or give the name of a folder that is not there yet.`,
      })
    }
    if ((await readdir(folder)).length > 0) {
      throw new UsageError(`${folder} is not empty, and no share may be mixed up with another`, {
        hint: 'Give the name of a folder that is not there yet.',
      })
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`the folder ${folder} cannot be made or read`)
  }
}

/** Writes one secret to a file that was not there before. Resolves once it survives a power cut. */
export async function writeShareFile(folder: string, name: string, secret: SecretBytes): Promise<string> {
  const path = join(folder, name)
  // The bytes cross an await: they are this function's own, and wiped when it is over.
  const bytes = secret.lend((lent) => Uint8Array.from(lent))
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    await using file = await open(path, flags, FILE_MODE)
    await file.writeFile(bytes)
    await file.sync()
    return path
  } catch (error) {
    throw new UsageError(`${path} could not be written: ${error instanceof Error ? error.name : 'unknown'}`, {
      code: 'share_not_written',
      hint: 'The old shares still open the server. See "conclave custody rekey -h" for -again.',
    })
  } finally {
    bytes.fill(0)
  }
}

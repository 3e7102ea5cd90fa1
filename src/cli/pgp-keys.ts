import { createReadStream } from 'node:fs'
import { concat } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { fileProblem, UsageError } from './failure.ts'

/** More than any key that is taken; what is longer is refused for its length. */
const MAX_READ_BYTES = 1024 * 1024

/**
 * The public keys in the files that a flag names, `one.asc,@two.gpg`: standard base64 of each in binary form,
 * as servers take them (key-lifecycle.md section 8.2). None for `null`. Throws `UsageError` before anything
 * is sent: for a file that cannot be read, that holds a private key, or that holds no key at all.
 */
export async function readPgpKeys(names: string | null): Promise<readonly string[]> {
  if (names === null) return []
  // Loaded only when a key is given: most calls have none.
  const { keyFileNames, keyFromFile } = await import('../delivery/openpgp/key-file.ts')
  return await refusing(names, async () => {
    const keys: string[] = []
    for (const path of keyFileNames(names)) {
      keys.push(await refusing(path, async () => keyFromFile(await readKeyFile(path))))
    }
    return keys
  })
}

/** The one public key that a flag names, or `null`. Throws as `readPgpKeys` does, and for a list of files. */
export async function readPgpKey(name: string | null): Promise<string | null> {
  const [key, ...more] = await readPgpKeys(name)
  if (more.length > 0) throw new UsageError('one key is wanted here, and several files were named')
  return key ?? null
}

async function refusing<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    throw new UsageError(`${what}: ${error.message}`, { code: error.code, hint: 'Nothing was sent.' })
  }
}

async function readKeyFile(path: string): Promise<Uint8Array> {
  try {
    const pieces: Uint8Array[] = []
    for await (const piece of createReadStream(path, { end: MAX_READ_BYTES })) {
      if (piece instanceof Uint8Array) pieces.push(piece)
    }
    return concat(...pieces)
  } catch (error) {
    throw new UsageError(`the key file ${path} is of no use: ${fileProblem(error)}`)
  }
}

import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'

/**
 * Leaves a token in the file where the command line of this user looks for it, for nobody else to read: whole
 * or not at all. What is no plain file stays as it is: a link may lead anywhere.
 *
 * Throws `config_invalid` with what is in the way.
 */
export function writeTokenFile(path: string, token: SecretBytes): void {
  const facts = lstatSync(path, { throwIfNoEntry: false })
  if (facts !== undefined && !facts.isFile()) {
    const what = facts.isSymbolicLink() ? 'a symbolic link, which is not followed' : 'no plain file'
    throw new OperatingError('config_invalid', `${path} is ${what}`)
  }
  const draft = `${path}.${process.pid}.new`
  try {
    writeDraft(draft, token)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
    throw new OperatingError('config_invalid', `${path} cannot be written: ${code}`, { cause: error })
  }
}

function writeDraft(path: string, token: SecretBytes): void {
  // Made here and now: what stands there already, also a link, is not written to.
  const file = openSync(path, 'wx', 0o600)
  try {
    token.lend((bytes) => {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    })
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

import { rmSync, writeFileSync } from 'node:fs'
import { OperatingError } from '../base/errors.ts'

/** The number of this process in a file, for as long as it is not disposed of. Throws `config_invalid`. */
export function writePidFile(path: string | null): Disposable {
  if (path === null) return { [Symbol.dispose]: () => undefined }
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 })
  } catch (error) {
    throw new OperatingError('config_invalid', `the pid_file ${path} cannot be written`, { cause: error })
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) }
}

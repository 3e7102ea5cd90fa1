import { accessSync, constants, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperatingError } from '../base/errors.ts'

/** The number of this process in a file, for as long as it is not disposed of. Throws `config_invalid`. */
export function writePidFile(path: string | null): Disposable {
  if (path === null) return { [Symbol.dispose]: () => undefined }
  checkPidFile(path)
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 })
  } catch (error) {
    throw new OperatingError('config_invalid', `the pid_file ${path} cannot be written`, { cause: error })
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) }
}

/** Looks whether such a file can be written, and writes nothing. Throws `config_invalid`. */
export function checkPidFile(path: string): void {
  const folder = dirname(path)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw invalid(path, `there is no folder ${folder}; make it first`)
  }
  const facts = statSync(path, { throwIfNoEntry: false })
  if (facts?.isDirectory() === true) throw invalid(path, 'it is a folder; name a file in it')
  try {
    if (facts === undefined) accessSync(folder, constants.W_OK | constants.X_OK)
    else accessSync(path, constants.W_OK)
  } catch (error) {
    throw invalid(path, 'this user may not', error)
  }
}

function invalid(path: string, why: string, cause?: unknown): OperatingError {
  return new OperatingError('config_invalid', `the pid_file ${path} cannot be written: ${why}`, { cause })
}

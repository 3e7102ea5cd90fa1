import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fromUtf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_CONFIG_FILES, MAX_HCL_UNITS } from '../base/limits.ts'
import { parseDocument } from '../hcl/document.ts'
import { type Body, HclError } from '../hcl/value.ts'

/**
 * Reads files and folders in the order given, and puts one behind the other: of a folder every `.hcl` and
 * `.json`, by name. Throws `config_invalid` with the file, and with line and column where it can be read.
 */
export function readSources(paths: readonly string[]): Body {
  return paths.flatMap(filesOf).flatMap(readSource)
}

function filesOf(path: string): readonly string[] {
  const facts = attempt(path, () => statSync(path))
  if (!facts.isDirectory()) return [path]
  // Hidden files are what editors and mounted volumes leave behind.
  const names = attempt(path, () => readdirSync(path)).filter((name) => /^[^.].*\.(?:hcl|json)$/.test(name))
  const files = names.sort().map((name) => join(path, name))
  const plain = files.filter((file) => attempt(file, () => statSync(file)).isFile())
  if (plain.length === 0) throw refused(path, 'is a folder without a .hcl or .json file')
  if (plain.length > MAX_CONFIG_FILES)
    throw refused(path, `has more than ${MAX_CONFIG_FILES} files, the limit`)
  return plain
}

function readSource(path: string): Body {
  const facts = attempt(path, () => statSync(path))
  if (facts.size > MAX_HCL_UNITS) throw refused(path, `is larger than ${MAX_HCL_UNITS} bytes, the limit`)
  const bytes = attempt(path, () => readFileSync(path))
  try {
    return parseDocument(fromUtf8(bytes), path, path.endsWith('.json') ? 'json' : 'either')
  } catch (error) {
    if (error instanceof TypeError) throw refused(path, 'is not UTF-8', error)
    if (error instanceof HclError) throw new OperatingError('config_invalid', error.message, { cause: error })
    throw error
  }
}

function attempt<Result>(path: string, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw refused(path, faultOf(error), error)
  }
}

function faultOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
  return 'cannot be read'
}

function refused(path: string, fault: string, cause?: unknown): OperatingError {
  return new OperatingError('config_invalid', `${path}: ${fault}`, { cause })
}

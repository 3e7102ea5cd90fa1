import { readFileSync } from 'node:fs'
import { OperatingError } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'

const MIN_BYTES = 16
const MAX_BYTES = 4096
const NEWLINES = [0x0a, 0x0d]

/**
 * What initialising this server takes (custody.md section 3, `init_secret_file`): the bytes of the file
 * without a newline at their end. `null` where no file is configured. Throws `config_invalid`.
 */
export function readInitSecret(path: string | null): SecretBytes | null {
  if (path === null) return null
  const bytes = readBytes(path)
  try {
    let length = bytes.length
    while (length > 0 && NEWLINES.includes(bytes[length - 1] ?? 0)) length--
    if (length >= MIN_BYTES && length <= MAX_BYTES) return SecretBytes.copyOf(bytes.subarray(0, length))
    throw new OperatingError(
      'config_invalid',
      `the init_secret_file ${path} must hold ${MIN_BYTES} to ${MAX_BYTES} bytes: write what nobody guesses`,
    )
  } finally {
    bytes.fill(0)
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new OperatingError('config_invalid', `the init_secret_file ${path} cannot be read`, {
      cause: error,
    })
  }
}

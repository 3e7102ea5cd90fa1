import { fromUtf8, toBase64 } from '../../base/encoding.ts'
import { OperatingError } from '../../base/errors.ts'
import { MAX_RECIPIENT_KEY_CHARACTERS, MAX_SHARES } from '../../base/limits.ts'
import { decodingFault, EXPORT_HINT, parsingFault } from './key-fault.ts'
import { ARMOR_HEAD, keyBytes } from './key-text.ts'
import { checkTransferableKey } from './transferable-key.ts'

const PUBLIC_HEAD = `${ARMOR_HEAD}PUBLIC KEY BLOCK-----`
const PRIVATE_HEAD = `${ARMOR_HEAD}PRIVATE KEY BLOCK-----`
/** Armor adds a line break to 64 characters, two heads and perhaps comments. */
const MAX_FILE_BYTES = 2 * MAX_RECIPIENT_KEY_CHARACTERS
const KEYBASE = 'keybase:'
const MSB = 0x80

/**
 * The paths in `-pgp-keys=one.asc,@two.bin`: split at commas, white space around them and one `@` before them
 * taken away (key-lifecycle.md section 8.2). Throws `parameters_invalid` for an empty name, for more names
 * than a deal has shares, and for `keybase:USER`.
 */
export function keyFileNames(list: string): readonly string[] {
  const names = list.split(',').map((name) => name.trim().replace(/^@/, ''))
  if (names.length > MAX_SHARES) {
    throw refused(`${names.length} PGP keys are named; a deal has at most ${MAX_SHARES} shares`)
  }
  for (const [index, name] of names.entries()) {
    if (name === '') throw refused(`PGP key ${index + 1} of ${names.length} has no name; write FILE,FILE,…`)
    if (name.startsWith(KEYBASE)) {
      throw refused(
        `PGP key ${index + 1} of ${names.length} is a name at Keybase, and nothing is looked up: ` +
          'get the key yourself, compare its fingerprint with its owner, and name the file',
      )
    }
  }
  return names
}

/**
 * One public key from what a file holds, in the standard base64 that the API takes. Armored, base64 or
 * binary; told apart by how it begins. A private key is refused here, before it leaves the machine. Throws
 * `parameters_invalid`.
 */
export async function keyFromFile(file: Uint8Array): Promise<string> {
  if (file.length > MAX_FILE_BYTES) {
    throw decodingFault(`the file has ${file.length} bytes, and ${MAX_FILE_BYTES} is the most`)
  }
  const bytes = await binaryOf(file)
  checkTransferableKey(bytes)
  const key = toBase64(bytes)
  // The server's own bound, so that it is met before anything is sent.
  keyBytes(key)
  return key
}

async function binaryOf(file: Uint8Array): Promise<Uint8Array> {
  if (((file[0] ?? 0) & MSB) !== 0 && !isText(file)) return file
  const text = textOf(file)
  return text.includes(ARMOR_HEAD) ? await withoutArmor(text) : keyBytes(text)
}

/** A byte order mark has its first bit set, too, as every packet has; behind it stands text. */
function isText(file: Uint8Array): boolean {
  return file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf
}

function textOf(file: Uint8Array): string {
  try {
    // A byte order mark counts as white space.
    return fromUtf8(file).trim()
  } catch (cause) {
    throw decodingFault('the file is neither text nor a binary key', cause)
  }
}

async function withoutArmor(text: string): Promise<Uint8Array> {
  const heads = text.split(ARMOR_HEAD).length - 1
  if (text.includes(PRIVATE_HEAD)) {
    throw parsingFault('the file holds a private key, and nothing of it was sent; it wants the public one')
  }
  if (!text.includes(PUBLIC_HEAD)) throw parsingFault(`the file holds no public key; ${EXPORT_HINT}`)
  if (heads > 1) throw parsingFault(`the file holds ${heads} armored blocks; it must have exactly one key`)
  const { unarmor } = await import('openpgp')
  try {
    const { data } = await unarmor(text)
    return Uint8Array.from(data)
  } catch (cause) {
    throw parsingFault('the armor of the file is damaged', cause)
  }
}

function refused(sentence: string): OperatingError {
  return new OperatingError('parameters_invalid', sentence)
}

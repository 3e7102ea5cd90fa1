import { OperatingError } from '../base/errors.ts'
import { MAX_RANDOM_BYTES } from '../base/limits.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import type { DigestName } from '../crypto/primitives.ts'
import { DIGEST_NAMES } from '../crypto/primitives.ts'
import { base64Of, bytesOfBase64 } from '../custody/share-digits.ts'
import { shareHex } from '../custody/share-format.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import { type JsonNode, SecretText } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { shape, TEXT } from '../logical/schema.ts'
import type { Lifecycle } from './lifecycle.ts'

const RANDOM = {
  bytes: { type: 'integer', description: 'How many bytes; 32 where nothing is said.' },
  format: { type: 'string', description: 'How they are written: "base64" or "hex".' },
  source: { type: 'string', description: 'Where they come from: "platform".' },
} as const satisfies Fields

const HASH = {
  input: { type: 'any', description: 'What is hashed, in base64.' },
  algorithm: { type: 'string', description: 'For example "sha2-256".' },
  format: { type: 'string', description: 'How the sum is written: "hex" or "base64".' },
} as const satisfies Fields

type Format = 'hex' | 'base64'

/** `sys/tools`: randomness and hashes for those who have none of their own (surface.md section 12). */
export function toolRoutes(lifecycle: Lifecycle): readonly Route[] {
  const random = async (call: Call): Promise<LogicalResponse> => randomness(lifecycle, call)
  const hash = async (call: Call): Promise<LogicalResponse> => sumOf(lifecycle, call)
  const forRandom = {
    summary: 'Random bytes.',
    access: 'token',
    fields: RANDOM,
    answers: { update: shape({ random_bytes: TEXT }) },
    handlers: { update: random },
  } as const
  const forHash = {
    summary: 'The hash of an input.',
    access: 'token',
    fields: HASH,
    answers: { update: shape({ sum: TEXT }) },
    handlers: { update: hash },
  } as const
  return [
    { pattern: 'tools/random', ...forRandom },
    { pattern: 'tools/random/:first', ...forRandom },
    { pattern: 'tools/random/:first/:bytes', ...forRandom },
    { pattern: 'tools/hash', ...forHash },
    { pattern: 'tools/hash/:algorithm', ...forHash },
  ]
}

/** One segment behind `random` is a number of bytes, or a source; two are a source and a number. */
function randomness({ random }: Lifecycle, { request, parameters }: Call): LogicalResponse {
  const given = readFields(RANDOM, request.data)
  const { first } = parameters
  const isCount = first !== undefined && parameters['bytes'] === undefined && /^\d+$/.test(first)
  const source = isCount || first === undefined ? (given.source ?? 'platform') : first
  if (source !== 'platform') throw refused(`unsupported entropy source "${source}"; must be "platform"`)
  const count = isCount ? first : parameters['bytes']
  const bytes = count === undefined ? (given.bytes ?? 32) : Number(count)
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw refused('"bytes" cannot be less than 1')
  if (bytes > MAX_RANDOM_BYTES) throw refused(`'bytes' should be less than ${MAX_RANDOM_BYTES}`)
  const format = formatOf(given.format ?? 'base64')
  using secret = SecretBytes.take(random(bytes))
  const text = format === 'hex' ? shareHex(secret) : secret.lend(base64Of)
  return { data: { random_bytes: new SecretText(text) } }
}

function sumOf({ hashing }: Lifecycle, { request, parameters }: Call): LogicalResponse {
  const given = readFields(HASH, request.data)
  const name = parameters['algorithm'] ?? given.algorithm ?? 'sha2-256'
  const algorithm = DIGEST_NAMES.find((one) => one === name)
  if (algorithm === undefined) throw refused(`unsupported algorithm "${name}"`)
  const format = formatOf(given.format ?? 'hex')
  const sum = digestOf(hashing, algorithm, given.input)
  return { data: { sum: Buffer.from(sum).toString(format) } }
}

function digestOf(hashing: Lifecycle['hashing'], name: DigestName, input: JsonNode | undefined): Uint8Array {
  if (input === undefined) throw refused('missing input')
  const illegal = 'unable to decode input as base64: illegal base64 data'
  if (input.kind !== 'string') throw refused(illegal)
  using text = input.secret()
  if (text === null) return hashing.digest(name, new Uint8Array(0))
  using bytes = text.lend(bytesOfBase64)
  if (bytes === null) throw refused(illegal)
  return bytes.lend((plain) => hashing.digest(name, plain))
}

function formatOf(text: string): Format {
  if (text === 'hex' || text === 'base64') return text
  throw refused(`unsupported encoding format "${text}"; must be "hex" or "base64"`)
}

function refused(why: string): OperatingError {
  return new OperatingError('bad_request', why)
}

import { canonicalJson, parseCanonicalJson } from '../base/canonical-json.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { StorageView } from '../logical/backend.ts'
import { drawPassword, parsePasswordPolicy } from './password-policy.ts'

/** Keys are relative to the policy room's prefix. */
const PASSWORD_PREFIX = 'password/'
const FORMAT = 1

/** Password policies by their names, which are canonical (`policy-name.ts`) and without slashes. */
export class PasswordPolicies {
  readonly #storage: StorageView
  readonly #entropy: Entropy

  constructor(storage: StorageView, entropy: Entropy) {
    this.#storage = storage
    this.#entropy = entropy
  }

  async names(): Promise<readonly string[]> {
    return await this.#storage.list(PASSWORD_PREFIX)
  }

  /** Its text as it was sent; `null` when there is none. Throws `corrupt_entry`. */
  async get(name: string): Promise<string | null> {
    const stored = await this.#storage.get(PASSWORD_PREFIX + name)
    return stored === null ? null : decode(stored)
  }

  /** Throws `bad_request` for a policy by which no password can be made. */
  async put(name: string, text: string): Promise<void> {
    drawPassword(parsePasswordPolicy(text), this.#entropy)[Symbol.dispose]()
    const value = canonicalJson({ format: FORMAT, text })
    await this.#storage.commit([{ op: 'put', key: PASSWORD_PREFIX + name, value }])
  }

  async delete(name: string): Promise<void> {
    await this.#storage.commit([{ op: 'delete', key: PASSWORD_PREFIX + name }])
  }

  /** A password by this policy, which the caller owns; `null` when there is no such policy. */
  async generate(name: string): Promise<SecretBytes | null> {
    const text = await this.get(name)
    return text === null ? null : drawPassword(parsePasswordPolicy(text), this.#entropy)
  }
}

function decode(stored: Uint8Array): string {
  const value = parseCanonicalJson(stored)
  const fields =
    typeof value === 'object' && value !== null ? (value as { readonly [name: string]: unknown }) : {}
  const { format, text } = fields
  if (format === FORMAT && typeof text === 'string' && Object.keys(fields).length === 2) return text
  throw new OperatingError('corrupt_entry', 'a password policy cannot be read')
}

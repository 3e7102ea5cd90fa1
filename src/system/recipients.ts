import { OperatingError } from '../base/errors.ts'
import type { Recipient } from '../ceremony/delivery.ts'
import { member } from '../logical/fields.ts'
import type { JsonObject } from '../logical/json.ts'
import type { Lifecycle } from './lifecycle.ts'

/** A list of texts that are no secrets; `null` when it is absent, null, or empty. Throws `bad_request`. */
export function stringList(body: JsonObject, name: string): readonly string[] | null {
  const node = member(body, name)
  if (node === undefined || node.kind === 'null') return null
  if (node.kind !== 'array') throw notAList(name)
  const texts = node.items.map((item) => {
    if (item.kind !== 'string') throw notAList(name)
    return item.text()
  })
  return texts.length === 0 ? null : texts
}

/**
 * Reads every key and tries each by an encryption, one after another, so that one that cannot be encrypted to
 * is refused before anything depends on it. Throws `parameters_invalid` with `prefix` before the words.
 */
export async function recipientsOf(
  { delivery }: Pick<Lifecycle, 'delivery'>,
  keys: readonly string[],
  prefix: string,
): Promise<readonly Recipient[]> {
  const recipients: Recipient[] = []
  for (const key of keys) {
    try {
      recipients.push(await delivery.recipient(key))
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error
      throw new OperatingError(error.code, prefix + error.message, { cause: error, detail: error.detail })
    }
  }
  return recipients
}

function notAList(name: string): OperatingError {
  const text = `failed to decode JSON input: the field "${name}" must be a list of strings`
  return new OperatingError('bad_request', text)
}

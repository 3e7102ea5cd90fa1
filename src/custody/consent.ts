import type { RecordValue } from '../base/canonical-json.ts'
import { concat, sameBytes, utf8 } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { KEY_SET_ID_BYTES, type PublicKeySet } from './key-set.ts'
import { corrupt, field, RecordFields } from './record-fields.ts'
import { signWithShare } from './share-key.ts'

/** What a holder says. A signature for one verb is nothing for another. */
export type ConsentVerb = 'open' | 'agree' | 'cancel' | 'prove' | 'fetch'

const VERBS: readonly ConsentVerb[] = ['open', 'agree', 'cancel', 'prove', 'fetch']
const SIGNATURE_BYTES = 64

/** One holder's signature under one statement. Not secret: it says who took part and opens nothing. */
export interface Consent {
  readonly verb: ConsentVerb
  readonly setId: Uint8Array
  readonly shareNumber: number
  readonly signature: Uint8Array
}

/** Ed25519 over `"conclave " || verb || " v1\n" || digest` by the share key. */
export function consentWithShare(
  primitives: Primitives,
  act: { readonly verb: ConsentVerb; readonly digest: Uint8Array },
  holder: { readonly share: SecretBytes; readonly setId: Uint8Array; readonly shareNumber: number },
): Consent {
  const signature = signWithShare(primitives, holder, consentMessage(act.verb, act.digest))
  return { verb: act.verb, setId: holder.setId, shareNumber: holder.shareNumber, signature }
}

/** Whether `consent` was made by the share that `set` lists under its number, for this very statement. */
export function verifyConsent(
  primitives: Pick<Primitives, 'ed25519Verify'>,
  consent: Consent,
  under: { readonly set: PublicKeySet; readonly digest: Uint8Array },
): boolean {
  const entry = under.set.shares[consent.shareNumber - 1]
  if (entry === undefined || !sameBytes(consent.setId, under.set.id)) return false
  const message = consentMessage(consent.verb, under.digest)
  return primitives.ed25519Verify(entry.publicKey, message, consent.signature)
}

export function consentRecord(consent: Consent): { readonly [member: string]: RecordValue } {
  return {
    key_set: field(consent.setId),
    share: consent.shareNumber,
    signature: field(consent.signature),
    verb: consent.verb,
  }
}

export function parseConsent(value: RecordValue): Consent {
  const fields = new RecordFields(value, 'a consent')
  const verb = VERBS.find((known) => known === fields.text('verb'))
  if (verb === undefined) throw corrupt('a consent', 'has an unknown verb')
  const consent = {
    verb,
    setId: fields.bytes('key_set', KEY_SET_ID_BYTES),
    shareNumber: fields.integer('share', { min: 1, max: 255 }),
    signature: fields.bytes('signature', SIGNATURE_BYTES),
  }
  fields.end()
  return consent
}

function consentMessage(verb: ConsentVerb, digest: Uint8Array): Uint8Array {
  return concat(utf8(`conclave ${verb} v1\n`), digest)
}

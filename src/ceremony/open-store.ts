import { entryTerm, openEntry } from '../barrier/entry-format.ts'
import { IDENTITY_PATH } from '../barrier/paths.ts'
import { sameBytes } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import { openLink, openSlot } from '../seal/shamir/slot.ts'
import { readStoredSecret } from './identity.ts'
import { type OpenedRecords, openRecords } from './open-records.ts'
import type { CeremonyPorts } from './ports.ts'
import type { SessionParts } from './session.ts'
import type { CustodyCandidate, StoredRecords } from './stored-records.ts'

/**
 * Opens a store by the unseal key of one set: slot, link where the set is retiring, keyring, anchor,
 * identity. Each readable custody record is tried, since one may be damaged.
 *
 * Throws `store_rolled_back` or `corrupt_store`: every share was recognised before, so a failure is the
 * store's.
 */
export async function openStore(
  ports: CeremonyPorts,
  stored: StoredRecords,
  by: {
    readonly candidates: readonly CustodyCandidate[]
    readonly setId: Uint8Array
    readonly unsealKey: SecretBytes
  },
): Promise<SessionParts> {
  let failure: unknown = new OperatingError(
    'corrupt_store',
    'the shares are right, but the slot of their key set does not open: the custody record is damaged; ' +
      'restore the newest snapshot',
  )
  for (const candidate of by.candidates) {
    const rootKey = rootKeyThrough(ports, candidate, by)
    if (rootKey === null) continue
    try {
      const opened = openRecords(ports.primitives, stored, { rootKey, candidates: by.candidates })
      return await withIdentity(ports, { stored, rootKey, opened })
    } catch (error) {
      rootKey[Symbol.dispose]()
      if (!(error instanceof OperatingError)) throw error
      failure = error
    }
  }
  throw failure
}

/** The current root key by this record's slot, or by slot and link; `null` when they do not open. */
function rootKeyThrough(
  ports: CeremonyPorts,
  candidate: CustodyCandidate,
  by: { readonly setId: Uint8Array; readonly unsealKey: SecretBytes },
): SecretBytes | null {
  const { storeId, live, retiring } = candidate.record
  const place = { storeId, setId: by.setId }
  if (sameBytes(live.id, by.setId)) {
    return openSlot(ports.primitives, place, { slot: live.slot, unsealKey: by.unsealKey })
  }
  if (retiring === null || !sameBytes(retiring.id, by.setId)) return null
  using oldRootKey = openSlot(ports.primitives, place, { slot: retiring.slot, unsealKey: by.unsealKey })
  if (oldRootKey === null) return null
  const linkPlace = { storeId, retiringId: retiring.id, liveId: live.id }
  return openLink(ports.primitives, linkPlace, { link: retiring.link, oldRootKey })
}

async function withIdentity(
  ports: CeremonyPorts,
  parts: { readonly stored: StoredRecords; readonly rootKey: SecretBytes; readonly opened: OpenedRecords },
): Promise<SessionParts> {
  const { keyring, candidate } = parts.opened
  const { record } = candidate
  try {
    const seed = readStoredSecret(await readIdentity(ports, parts.opened), 'the identity key')
    const publicKey = seed.lend((bytes) => ports.primitives.ed25519PublicKey(bytes))
    if (!sameBytes(publicKey, record.identityKey)) {
      seed[Symbol.dispose]()
      throw new OperatingError('store_rolled_back', 'the identity key is older than the custody record')
    }
    const { stored, rootKey } = parts
    const custodyDigest = ports.primitives.sha256(candidate.bytes)
    return { stored, record, custodyDigest, rootKey, keyring, identity: { seed, publicKey } }
  } catch (error) {
    keyring[Symbol.dispose]()
    throw error
  }
}

async function readIdentity(ports: CeremonyPorts, opened: OpenedRecords): Promise<Uint8Array | null> {
  const stored = await ports.storage.get(IDENTITY_PATH)
  if (stored === null) return null
  const term = opened.keyring.term(entryTerm(stored))
  if (term === null) throw new OperatingError('store_rolled_back', 'the identity key has a term of its own')
  return openEntry(term.aead, { storeId: opened.candidate.record.storeId, path: IDENTITY_PATH }, stored)
}

import { fromHex } from '../base/encoding.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import type { KeySetStatus } from '../client/answers.ts'
import type { ConclaveClient } from '../client/conclave-client.ts'
import { shareCard } from '../custody/share-card.ts'
import { parseShare, shareBase64 } from '../custody/share-format.ts'
import type { CommandCall } from './command.ts'
import { UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { say } from './io.ts'

/** custody.md section 2. */
const SET_ID_BYTES = 16

const SHARE_FORMATS = ['base64', 'hex', 'words'] as const
type ShareFormat = (typeof SHARE_FORMATS)[number]

export const SHARE_FORMAT_FLAG: FlagSpec = {
  name: 'share-format',
  kind: 'text',
  value: SHARE_FORMATS.join('|'),
  help: 'form of the new shares in a table (base64)',
}

/** Reads `-share-format` before anything is sent. Throws `UsageError`. */
export function parseShareFormat(text: string | null): ShareFormat {
  const format = SHARE_FORMATS.find((known) => known === (text ?? 'base64'))
  if (format !== undefined) return format
  throw new UsageError(`invalid value for flag -share-format: give one of ${SHARE_FORMATS.join(', ')}`)
}

/**
 * The live key set, or `null` when the server tells nothing of it: that must not cost anybody the new
 * shares.
 */
export async function liveKeySet(client: ConclaveClient): Promise<KeySetStatus | null> {
  try {
    return (await client.custodyStatus()).live
  } catch {
    return null
  }
}

/**
 * The texts to print for new shares given in hex. The caller owns and wipes them; `keys` stay as they are.
 */
export async function shareTexts(
  call: CommandCall,
  keys: readonly SecretBytes[],
  wanted: { readonly format: ShareFormat; readonly live: KeySetStatus | null },
): Promise<readonly SecretBytes[]> {
  if (wanted.format === 'hex') return keys.map((key) => key.clone())
  const hashing = await call.ports.loadHashing()
  const setId = wanted.format === 'words' ? setIdOf(wanted.live) : null
  if (wanted.format === 'words' && setId === null) {
    say(
      call.io,
      'The server did not say which key set these shares belong to: they are shown in base64 instead.',
    )
  }
  const texts: SecretBytes[] = []
  try {
    for (const [at, key] of keys.entries()) {
      using share = key.lend((text) => parseShare(text, hashing).share)
      texts.push(
        setId === null ? shareBase64(share) : shareCard(share, { ...hashing, setId, number: at + 1 }),
      )
    }
    return texts
  } catch (error) {
    wipeAll(texts)
    throw error
  }
}

function setIdOf(live: KeySetStatus | null): Uint8Array | null {
  const setId = fromHex(live?.id ?? '')
  return setId === null || setId.length !== SET_ID_BYTES ? null : setId
}

/** `Key set 2, "amber falcon": any 3 of 5 shares open it.` */
export function describeKeySet(set: KeySetStatus): string {
  return `Key set ${set.number}, "${set.words}": any ${set.threshold} of ${set.shares} shares open it.`
}

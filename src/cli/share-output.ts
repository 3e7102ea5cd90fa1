import { fromHex } from '../base/encoding.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import type { KeySetStatus } from '../client/answers.ts'
import type { ConclaveClient } from '../client/conclave-client.ts'
import { parseShare, shareBase64, shareCard } from '../custody/share-format.ts'
import type { CommandCall } from './command.ts'
import { UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { say } from './io.ts'

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

/** The live key set, or `null` when the server tells nothing of it: that must not cost anybody the new shares. */
export async function liveKeySet(client: ConclaveClient): Promise<KeySetStatus | null> {
  try {
    return (await client.custodyStatus()).live
  } catch {
    return null
  }
}

/** The texts to print for new shares given in hex. The caller owns and wipes them; `keys` stay as they are. */
export async function shareTexts(
  call: CommandCall,
  keys: readonly SecretBytes[],
  wanted: { readonly format: ShareFormat; readonly live: KeySetStatus | null },
): Promise<readonly SecretBytes[]> {
  if (wanted.format === 'hex') return keys.map((key) => key.clone())
  const sha256 = await call.ports.loadSha256()
  const setId = fromHex(wanted.live?.id ?? '')
  if (wanted.format === 'words' && (wanted.live === null || setId === null || setId.length === 0)) {
    say(
      call.io,
      'The server did not say which key set these shares belong to: they are shown in base64 instead.',
    )
  }
  const texts: SecretBytes[] = []
  try {
    for (const key of keys) {
      using share = key.lend((text) => parseShare(text, sha256).share)
      const isCard = wanted.format === 'words' && wanted.live !== null && setId !== null && setId.length > 0
      const card = isCard ? { setId, number: wanted.live.number, sha256 } : null
      texts.push(card === null ? shareBase64(share) : shareCard(share, card))
    }
    return texts
  } catch (error) {
    wipeAll(texts)
    throw error
  }
}

/** `Key set 2, "amber falcon": any 3 of 5 shares open it.` */
export function describeKeySet(set: KeySetStatus): string {
  return `Key set ${set.number}, "${set.words}": any ${set.threshold} of ${set.shares} shares open it.`
}

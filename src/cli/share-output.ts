import { fromHex } from '../base/encoding.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import type { CustodyStatus, KeySetStatus } from '../client/answers.ts'
import type { ConclaveClient } from '../client/conclave-client.ts'
import { shareCard } from '../custody/share-card.ts'
import { parseShare, shareBase64 } from '../custody/share-format.ts'
import type { CommandCall } from './command.ts'
import { UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { say } from './io.ts'
import { type Piece, putSecret } from './secret-output.ts'

/** custody.md section 2. */
const SET_ID_BYTES = 16

const SHARE_FORMATS = ['base64', 'hex', 'words'] as const
export type ShareFormat = (typeof SHARE_FORMATS)[number]

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

/** New shares that a server has answered with, and how to print them. */
export interface NewShares {
  /** Hex text of each. They stay with the caller. */
  readonly keys: readonly SecretBytes[]
  readonly format: ShareFormat
  /** Whether they open the store, or will once they were proven. */
  readonly set: 'live' | 'pending'
  /** What is printed, given the texts in the chosen form. */
  lines(texts: readonly SecretBytes[]): readonly Piece[]
}

/** Prints new shares. Nothing comes before them. */
export async function putShares(call: CommandCall, shares: NewShares): Promise<void> {
  const texts = await textsOrAsSent(call, shares)
  try {
    await putSecret(call.io, shares.lines(texts))
  } finally {
    wipeAll(texts)
  }
}

/** Tells which key sets open the store, when the server knows such things. */
export async function sayKeySets(call: CommandCall, client: ConclaveClient): Promise<void> {
  const custody = await custodyOf(client)
  if (custody?.live) say(call.io, `\n${describeKeySet(custody.live)}`)
  if (custody?.retiring) {
    const { words } = custody.retiring
    say(
      call.io,
      `The set before, "${words}", opens the server too until the new shares are known to have arrived.`,
    )
  }
}

/** What is known of the key sets, or `null`: that must not cost anybody the new shares. */
async function custodyOf(client: ConclaveClient): Promise<CustodyStatus | null> {
  try {
    return await client.custodyStatus()
  } catch {
    return null
  }
}

/** An answer that cannot be rewritten is printed as it came: better than a set of shares that nobody has. */
async function textsOrAsSent(call: CommandCall, shares: NewShares): Promise<readonly SecretBytes[]> {
  try {
    return await shareTexts(call, shares)
  } catch {
    say(call.io, 'The shares are shown as the server sent them: they could not be written in another form.')
    return shares.keys.map((key) => key.clone())
  }
}

/** The caller owns and wipes the texts. */
async function shareTexts(call: CommandCall, shares: NewShares): Promise<readonly SecretBytes[]> {
  if (shares.format === 'hex') return shares.keys.map((key) => key.clone())
  const hashing = await call.ports.loadHashing()
  const setId = shares.format === 'words' ? await setIdOf(call, shares.set) : null
  if (shares.format === 'words' && setId === null) {
    say(
      call.io,
      'The server did not say which key set these shares belong to: they are shown in base64 instead.',
    )
  }
  const texts: SecretBytes[] = []
  try {
    for (const [at, key] of shares.keys.entries()) {
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

/**
 * The id of the set that new shares are of, for their cards; `null` when the server does not say. Asked on a
 * connection of its own: on the one that carried them another request means that they have arrived, and that
 * is not so before they are printed (custody.md section 4).
 */
async function setIdOf(call: CommandCall, which: 'live' | 'pending'): Promise<Uint8Array | null> {
  const custody = await custodyOf(await call.connect())
  const setId = fromHex(custody?.[which]?.id ?? '')
  return setId === null || setId.length !== SET_ID_BYTES ? null : setId
}

function describeKeySet(set: KeySetStatus): string {
  return `Key set ${set.number}, "${set.words}": any ${set.threshold} of ${set.shares} shares open it.`
}

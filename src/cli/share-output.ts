import { fromHex } from '../base/encoding.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import type { CustodyStatus, KeySetStatus } from '../client/answers.ts'
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
  choices: SHARE_FORMATS,
  help: 'form of the new shares in a table (base64)',
}

/** Reads `-share-format` before anything is sent. Throws `UsageError`. */
export function parseShareFormat(text: string | null): ShareFormat {
  const format = SHARE_FORMATS.find((known) => known === (text ?? 'base64'))
  if (format !== undefined) return format
  throw new UsageError(`invalid value for flag -share-format: give one of ${SHARE_FORMATS.join(', ')}`)
}

/** New shares that a server has answered with. */
export interface NewShares {
  /** Hex text of each. They stay with the caller. */
  readonly keys: readonly SecretBytes[]
  readonly format: ShareFormat
  /** Whether they open the store, or will once they were proven. */
  readonly set: 'live' | 'pending'
}

/**
 * Prints new shares as `lines` arranges their texts. Nothing comes before them. Throws `OutputError` when not
 * all of them are safely out.
 */
export async function putShares(
  call: CommandCall,
  shares: NewShares,
  lines: (texts: readonly SecretBytes[]) => readonly Piece[],
): Promise<void> {
  const { texts } = await writtenShares(call, shares)
  try {
    await putSecret(call.io, lines(texts))
  } finally {
    wipeAll(texts)
  }
}

/** New shares as people keep them, and the set that they are of, where it was asked for. */
export interface WrittenShares {
  /** The caller owns and wipes them. */
  readonly texts: readonly SecretBytes[]
  readonly set: KeySetStatus | null
}

/**
 * The texts of new shares in the form that was chosen. One that cannot be rewritten is given as it came:
 * better than a set of shares that nobody has. So this throws nothing.
 */
export async function writtenShares(call: CommandCall, shares: NewShares): Promise<WrittenShares> {
  const set = shares.format === 'words' ? await setOf(call, shares.set) : null
  try {
    return { texts: await shareTexts(call, shares, set), set }
  } catch {
    say(call.io, 'The shares are shown as the server sent them: they could not be written in another form.')
    return { texts: shares.keys.map((key) => key.clone()), set }
  }
}

/** Tells which key set opens the store, when that is known. */
export function sayKeySet(call: CommandCall, custody: CustodyStatus | null): void {
  const set = custody?.live
  if (!set) return
  say(
    call.io,
    `\nKey set ${set.number}, "${set.words}": any ${set.threshold} of ${set.shares} shares open it.`,
  )
}

/** What is known of the key sets, or `null`: that must not cost anybody the new shares. */
export async function orNull(ask: () => Promise<CustodyStatus>): Promise<CustodyStatus | null> {
  try {
    return await ask()
  } catch {
    return null
  }
}

/** The caller owns and wipes the texts. */
async function shareTexts(
  call: CommandCall,
  shares: NewShares,
  set: KeySetStatus | null,
): Promise<readonly SecretBytes[]> {
  if (shares.format === 'hex') return shares.keys.map((key) => key.clone())
  const hashing = await call.ports.loadHashing()
  const setId = fromHex(set?.id ?? '')
  const isNamed = setId !== null && setId.length === SET_ID_BYTES
  if (shares.format === 'words' && !isNamed) {
    say(
      call.io,
      'The server did not say which key set these shares belong to: they are shown in base64 instead.',
    )
  }
  const texts: SecretBytes[] = []
  try {
    for (const [at, key] of shares.keys.entries()) {
      using share = key.lend((text) => parseShare(text, hashing).share)
      texts.push(isNamed ? shareCard(share, { ...hashing, setId, number: at + 1 }) : shareBase64(share))
    }
    return texts
  } catch (error) {
    wipeAll(texts)
    throw error
  }
}

/**
 * The set that new shares are of, for their cards; `null` when the server does not say. Asked on a
 * connection of its own: on the one that carried them another request means that they have arrived, and that
 * is not so before they are printed (custody.md section 4).
 */
async function setOf(call: CommandCall, which: 'live' | 'pending'): Promise<KeySetStatus | null> {
  const client = await call.connect()
  if (which === 'live') return (await orNull(() => client.custodyStatus()))?.live ?? null
  try {
    return (await client.rekey().status()).pending
  } catch {
    // Cards without the words of their set are better than no shares.
    return null
  }
}

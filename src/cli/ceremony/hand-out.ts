import { fromUtf8 } from '../../base/encoding.ts'
import { type SecretBytes, wipeAll } from '../../base/secret-bytes.ts'
import type { KeySetStatus } from '../../client/answers.ts'
import type { CompletedRekey, RekeyStatus } from '../../client/rekey-answers.ts'
import { bytesOfHex } from '../../custody/share-digits.ts'
import { type Piece, putSecret } from '../secret-output.ts'
import { writtenShares } from '../share-output.ts'
import { cardGrid } from './card-grid.ts'
import { countOf, type Guided, type HandedOut, NOTHING_HANDED_OUT } from './guided.ts'
import { writeShareFile } from './share-files.ts'

/**
 * Step 3: every holder takes one share, and only that one. Nothing is asked of the server on the connection
 * that brought them until all are handed out: that would say they have arrived.
 */
export async function handOut(
  guided: Guided,
  dealt: CompletedRekey,
  agreed: RekeyStatus,
): Promise<HandedOut> {
  const { dialog, folder } = guided
  dialog.heading('2. New shares are made')
  dialog.tell(`${countOf(dealt.keys.length, 'share')} were made and proven against each other by the server.`)
  dialog.heading('3. Each holder takes one')
  if (dealt.pgpFingerprints !== null) return await handOutMessages(guided, dealt)
  const set = dealt.verificationRequired ? 'pending' : 'live'
  const written = await writtenShares(guided.call, { keys: dealt.keys, format: guided.format, set })
  try {
    if (folder !== null) return await writeAll(guided, folder, written.texts)
    for (const [at, text] of written.texts.entries()) {
      await showOne(guided, { text, number: at + 1, agreed, set: written.set })
    }
    return NOTHING_HANDED_OUT
  } finally {
    wipeAll(written.texts)
  }
}

/** One share once more, for a holder who wrote it down wrongly. */
export async function showAgain(
  guided: Guided,
  which: { readonly dealt: CompletedRekey; readonly agreed: RekeyStatus; readonly number: number },
): Promise<void> {
  const { dealt, agreed, number } = which
  const written = await writtenShares(guided.call, {
    keys: dealt.keys,
    format: guided.format,
    set: 'pending',
  })
  try {
    const text = written.texts[number - 1]
    if (text !== undefined) await showOne(guided, { text, number, agreed, set: written.set })
  } finally {
    wipeAll(written.texts)
  }
}

/** Whoever finds a message can do nothing with it: no ceremony is needed to hand it out. */
async function handOutMessages(guided: Guided, dealt: CompletedRekey): Promise<HandedOut> {
  const { dialog, folder, call } = guided
  const base64 = dealt.keysBase64.map((text) => text.lend(fromUtf8))
  if (folder !== null) {
    const files: string[] = []
    for (const [at, hex] of dealt.keys.entries()) {
      using message = hex.lend(bytesOfHex)
      files.push(await writeShareFile(folder, `share-${at + 1}.gpg`, message))
    }
    dialog.tell(
      `Each of the ${files.length} files in ${folder} is encrypted to its holder, who reads it with`,
    )
    dialog.tell('gpg -d share-N.gpg')
    return { files, messages: [] }
  }
  if (call.output.format !== 'table') return { files: [], messages: base64 }
  for (const [at, text] of base64.entries()) {
    const print = dealt.pgpFingerprints?.[at] ?? 'unknown'
    await putSecret(call.io, [`Key ${at + 1} fingerprint: ${print}; value: ${text}\n`])
  }
  dialog.tell('', 'Each value is encrypted to its holder, who reads it with: base64 -d | gpg -d')
  return NOTHING_HANDED_OUT
}

async function writeAll(
  { dialog }: Guided,
  folder: string,
  texts: readonly SecretBytes[],
): Promise<HandedOut> {
  const files: string[] = []
  for (const [at, text] of texts.entries()) {
    files.push(await writeShareFile(folder, `share-${at + 1}.txt`, text))
  }
  dialog.tell(`${countOf(files.length, 'file')} were written to ${folder}, one a holder; only this user can`)
  dialog.tell('read them. Give each to its holder and to nobody else, then take it off this machine.')
  return { files, messages: [] }
}

/** One share as its holder sees it. */
interface OneShare {
  readonly text: SecretBytes
  readonly number: number
  readonly agreed: RekeyStatus
  readonly set: KeySetStatus | null
}

async function showOne(guided: Guided, one: OneShare): Promise<void> {
  const { dialog, format } = guided
  const { number, agreed, set } = one
  dialog.tell('')
  await dialog.pause(`Only holder ${number} should see the screen now. Press Enter to show share ${number}. `)
  const isCard = format === 'words' && set !== null
  using grid = isCard ? cardGrid(one.text) : null
  const name = set === null ? '' : ` of key set ${set.number} "${set.words}"`
  const pieces: readonly Piece[] = [
    `Share ${number}${name}; any ${agreed.threshold} of ${agreed.shares} open the server.\n\n`,
    ...(grid === null ? [one.text, '\n'] : [grid]),
    isCard ? '\nWrite down all of the words, in this order, on paper.\n' : '\n',
    'It is shown this once and kept nowhere. Alone it opens nothing.\n\n',
  ]
  await dialog.show(pieces, 'Press Enter when it is written down: the screen is cleared. ')
  dialog.tell(`Share ${number} of ${agreed.shares} was shown.`)
}

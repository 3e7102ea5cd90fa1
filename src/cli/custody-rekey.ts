import { Dialog } from './ceremony/dialog.ts'
import { guideRekey, handOutAgain } from './ceremony/guide.ts'
import type { Guided, Outcome } from './ceremony/guided.ts'
import { ShareSource } from './ceremony/share-source.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { putOutcome } from './custody-rekey-output.ts'
import { during, EXIT_OK, EXIT_SERVER, UsageError } from './failure.ts'
import { tellCancelled } from './holder.ts'
import { parseShareFormat, SHARE_FORMAT_FLAG } from './share-output.ts'

/** `conclave custody rekey`: changes the shares with people who are led through it, step by step. */
export const command: CommandSpec = {
  name: 'custody rekey',
  summary: 'Changes who can open the server, step by step: old shares agree, new ones go to each holder.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'be led through it; after any interruption, go on with it', types: 'custody rekey' },
    {
      does: 'four new shares, any two open, a file for each holder',
      types: 'custody rekey -n 4 -t 2 -out=new',
    },
    {
      does: 'without a terminal: old shares from files; then the new ones given back',
      types: 'custody rekey -share-file=a -share-file=b -share-file=c -out=new',
    },
    {
      does: 'each new share encrypted to its holder',
      types: 'custody rekey -pgp-keys=a.asc,b.asc,c.asc -t 2',
    },
    { does: 'end it, with nothing changed', types: 'custody rekey -cancel' },
  ],
  flags: [
    { name: 'key-shares', alias: 'n', kind: 'number', help: 'how many new shares to make (as many as now)' },
    {
      name: 'key-threshold',
      alias: 't',
      kind: 'number',
      help: 'how many of them will open the server (as now)',
    },
    { name: 'direct', kind: 'switch', help: 'new shares count at once, without being given back' },
    { name: 'verify-all', kind: 'switch', help: 'every new share must be given back, not only enough' },
    { name: 'share-file', kind: 'list', value: 'PATH', help: 'read a share from a file; may be repeated' },
    { name: 'out', kind: 'text', value: 'FOLDER', help: 'write each new share to a file of its own there' },
    { ...SHARE_FORMAT_FLAG, help: 'form of the new shares (words)' },
    {
      name: 'pgp-keys',
      kind: 'text',
      value: 'FILES',
      once: true,
      help: 'encrypt each share to a key: a,b,c',
    },
    { name: 'backup', kind: 'switch', help: 'keep the encrypted shares in the store, too' },
    { name: 'again', kind: 'switch', help: 'show lost new shares once more, within five minutes' },
    { name: 'cancel', kind: 'switch', help: 'end it, with nothing changed' },
    { name: 'holder', kind: 'switch', help: 'with -cancel: show a share in place of a token' },
  ],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const { flags, io } = call
  if (flags.on('cancel')) return cancel(call)
  const files = flags.list('share-file')
  const dialog = new Dialog(io, { nonInteractive: flags.on('non-interactive') })
  requireShares(dialog, files)
  const format = parseShareFormat(flags.text('share-format') ?? 'words')
  const folder = flags.text('out')
  const hashing = await call.ports.loadHashing()
  using source = new ShareSource(dialog, hashing, files)
  const client = await call.connect()
  const custody = await during('Error reading which shares open the server', () => client.custodyStatus())
  const guided: Guided = {
    ...{ call, client, custody, dialog, source, hashing, format, folder },
    rekey: client.rekey(),
  }
  const outcome = await ledTo(guided)
  await putOutcome(guided, outcome)
  return source.hasRefused ? EXIT_SERVER : EXIT_OK
}

/** An interruption changes nothing, and must not leave anybody wondering. */
async function ledTo(guided: Guided): Promise<Outcome> {
  const isAgain = guided.call.flags.on('again')
  try {
    return isAgain ? await handOutAgain(guided) : await guideRekey(guided)
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'interrupted') throw error
    throw new UsageError('interrupted', { code: 'interrupted', hint: INTERRUPTED })
  }
}

const INTERRUPTED = `What is in stays in, and the old shares still open the server.
Next: conclave custody rekey, to go on; with -cancel to end it.`

async function cancel(call: CommandCall): Promise<number> {
  const { flags } = call
  const files = flags.list('share-file')
  const client = await call.connect()
  const dialog = new Dialog(call.io, { nonInteractive: flags.on('non-interactive') })
  using source = new ShareSource(dialog, await call.ports.loadHashing(), files)
  const isShown = flags.on('holder') || files.length > 0
  const given = isShown ? await source.next('A share that opens the server (hidden): ') : null
  using holder = given?.share ?? null
  const rest = await during('Error canceling the change of shares', () => client.rekey().cancel(holder))
  return tellCancelled(call, rest, [
    'Success! The change of shares is canceled (if one was under way).',
    'New shares that were made for it open nothing: destroy them. The old ones work as before.',
  ])
}

function requireShares(dialog: Dialog, files: readonly string[]): void {
  if (dialog.isInteractive || files.length > 0) return
  throw new UsageError('nobody can be asked for a share: this is not a terminal', {
    code: 'not_a_terminal',
    hint: 'Give shares with -share-file=PATH, repeated, or use "conclave operator rekey" from a script.',
  })
}

import { claimNeverOpened, type NeverOpened } from '../offline/discard.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK, UsageError } from './failure.ts'
import { DATA_FLAG, dataFolder } from './flags.ts'
import { say } from './io.ts'
import { promptLine } from './prompt.ts'

/** `conclave store discard`: only for a store that was initialised and never opened. */
export const command: CommandSpec = {
  name: 'store discard',
  summary: 'Removes a store that was initialised and never opened, when the answer with its shares was lost.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'asks for the two words of its key set; the server must be stopped', types: 'store discard' },
    { does: 'of another folder', types: 'store discard -data=/srv/conclave' },
    { does: 'without asking, for a script', types: 'store discard -force' },
  ],
  flags: [
    DATA_FLAG,
    {
      name: 'force',
      kind: 'switch',
      alias: 'f',
      help: 'do not ask. A store that was opened is refused as ever',
    },
  ],
  connects: false,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const folder = dataFolder(call.flags)
  using store = claimNeverOpened(folder)
  if (!call.flags.on('force')) await confirm(call, folder, store)
  store.discard()
  const { storeId, words, createdAt } = store
  await call.output.data(
    [
      ['Discarded', folder],
      ['Store ID', storeId],
      ['Key Set', words],
      ['Created', createdAt],
    ],
    { discarded: folder, store_id: storeId, words, created_at: createdAt },
  )
  if (call.output.format === 'table') {
    say(
      call.io,
      '\nIts shares, wherever they are, open nothing.\nNext: conclave server\n      conclave operator init',
    )
  }
  return EXIT_OK
}

/** Whoever types the words has seen which store it is. */
async function confirm({ io, flags }: CommandCall, folder: string, store: NeverOpened): Promise<void> {
  if (!io.tty.stdin || flags.on('non-interactive')) {
    const hint = 'Type it on a terminal, or give -force.'
    throw new UsageError('the words of the key set cannot be asked for here', { hint })
  }
  say(io, `The store in ${folder} was made ${store.createdAt} and never opened. Key set: "${store.words}".`)
  say(io, 'If somebody has its shares, open it instead: it is discarded for good.')
  const typed = await promptLine(io, 'Type the two words of its key set to discard it: ')
  if (typed.toLowerCase().split(/\s+/).join(' ') === store.words) return
  throw new UsageError('these are not its words: nothing was discarded')
}

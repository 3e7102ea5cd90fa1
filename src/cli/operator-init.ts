import { wipeAll } from '../base/secret-bytes.ts'
import type { InitAnswer } from '../client/answers.ts'
import type { ConclaveClient, ShareCounts } from '../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, EXIT_SERVER, EXIT_USAGE } from './failure.ts'
import { reportFailure } from './failure-report.ts'
import { put, say } from './io.ts'
import { renderValue } from './output.ts'
import { type Piece, putSecret, renderMembers } from './secret-output.ts'
import { parseShareFormat, putShares, SHARE_FORMAT_FLAG } from './share-output.ts'

const SHARES_DEFAULT = 5
const THRESHOLD_DEFAULT = 3

/** `conclave operator init`: makes the keys of a new store and prints the shares, once. */
export const command: CommandSpec = {
  name: 'operator init',
  summary: 'Sets up a new server: makes its keys and prints the shares, this once.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'five shares, any three of them open the server', types: 'operator init' },
    {
      does: 'three shares as words to write down, any two open',
      types: 'operator init -n 3 -t 2 -share-format=words',
    },
    { does: 'has it been done? exit code 0: yes; 2: no', types: 'operator init -status' },
  ],
  flags: [
    { name: 'key-shares', alias: 'n', kind: 'number', help: 'how many shares to make (5)' },
    { name: 'key-threshold', alias: 't', kind: 'number', help: 'how many of them open the server (3)' },
    { name: 'status', kind: 'switch', help: 'only tell whether it has been done' },
    SHARE_FORMAT_FLAG,
  ],
  later: ['pgp-keys', 'root-token-pgp-key', 'recovery-shares', 'recovery-threshold', 'recovery-pgp-keys'],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  if (call.flags.on('status')) return tellStatus(call)
  parseShareFormat(call.flags.text('share-format'))
  const counts = {
    shares: call.flags.number('key-shares') ?? SHARES_DEFAULT,
    threshold: call.flags.number('key-threshold') ?? THRESHOLD_DEFAULT,
  }
  const client = await call.connect()
  const answer = await during('Error initializing', () => client.init(counts))
  try {
    if (call.output.format === 'table') await putTable(call, client, { answer, counts })
    else await putSecret(call.io, renderMembers(call.output.format, members(answer, counts)))
  } finally {
    wipeAll([...answer.keys, ...answer.keysBase64, answer.rootToken])
  }
  return EXIT_OK
}

/** Exit code 0 initialised, 2 not, 1 when it cannot be told (key-lifecycle.md section 10.1). */
async function tellStatus(call: CommandCall): Promise<number> {
  const { format } = call.output
  try {
    const client = await call.connect()
    const initialized = await during('Error checking init status', () => client.initStatus())
    const sentence = `The server is ${initialized ? '' : 'not '}initialized\n`
    // The capital letter is the peers' (section 10.3).
    await put(
      call.io,
      format === 'table' ? sentence : await renderValue(format, { Initialized: initialized }),
    )
    return initialized ? EXIT_OK : EXIT_SERVER
  } catch (error) {
    reportFailure(call.io, [`-format=${format}`], error)
    return EXIT_USAGE
  }
}

interface Initialised {
  readonly answer: InitAnswer
  readonly counts: ShareCounts
}

async function putTable(call: CommandCall, client: ConclaveClient, made: Initialised): Promise<void> {
  const { answer, counts } = made
  await putShares(call, client, {
    keys: answer.keys,
    format: parseShareFormat(call.flags.text('share-format')),
    lines: (texts) => [
      ...texts.flatMap((text, at): readonly Piece[] => [`Unseal Key ${at + 1}: `, text, '\n']),
      '\nInitial Root Token: ',
      answer.rootToken,
      '\n',
    ],
  })
  say(call.io, advice(counts))
}

/** key-lifecycle.md section 10.3, last lines: the shape that `operator init -format=json` has of its own. */
function members(answer: InitAnswer, counts: ShareCounts) {
  return [
    { name: 'unseal_keys_b64', secrets: answer.keysBase64 },
    { name: 'unseal_keys_hex', secrets: answer.keys },
    { name: 'unseal_shares', value: counts.shares },
    { name: 'unseal_threshold', value: counts.threshold },
    { name: 'recovery_keys_b64', secrets: [] },
    { name: 'recovery_keys_hex', secrets: [] },
    { name: 'recovery_keys_shares', value: 0 },
    { name: 'recovery_keys_threshold', value: 0 },
    { name: 'root_token', secret: answer.rootToken },
  ]
}

function advice(counts: ShareCounts): string {
  const shares = counts.shares === 1 ? 'the share' : `${counts.threshold} of the ${counts.shares} shares`
  return `
The shares are shown this once and kept nowhere. Give each to a different person.
The server is sealed: it opens with ${shares}, now and after every restart.
Without them nobody can read what it will hold, not even we.

Next: conclave operator unseal`
}

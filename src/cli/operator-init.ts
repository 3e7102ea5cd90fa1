import { SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import type { InitAnswer } from '../client/answers.ts'
import type { ConclaveClient, InitRequest } from '../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, EXIT_SERVER, EXIT_USAGE, OutputError } from './failure.ts'
import { reportFailure } from './failure-report.ts'
import { put, say } from './io.ts'
import { renderValue } from './output.ts'
import { readPgpKey, readPgpKeys } from './pgp-keys.ts'
import { type Piece, putSecret, renderMembers } from './secret-output.ts'
import { readSecretFile } from './share-input.ts'
import { orNull, parseShareFormat, putShares, SHARE_FORMAT_FLAG, sayKeySet } from './share-output.ts'

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
    {
      name: 'pgp-keys',
      kind: 'text',
      value: 'FILES',
      once: true,
      help: 'encrypt each share to a key: a,b,c',
    },
    {
      name: 'root-token-pgp-key',
      kind: 'text',
      value: 'FILE',
      once: true,
      help: 'encrypt the token to a key',
    },
    { name: 'recovery-shares', kind: 'number', help: 'for servers that open by themselves' },
    { name: 'recovery-threshold', kind: 'number', help: 'for servers that open by themselves' },
    { name: 'recovery-pgp-keys', kind: 'text', value: 'FILES', once: true, help: 'the same' },
    { name: 'init-secret-file', kind: 'text', value: 'PATH', help: 'for a server with an init_secret_file' },
    SHARE_FORMAT_FLAG,
  ],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  if (call.flags.on('status')) return tellStatus(call)
  parseShareFormat(call.flags.text('share-format'))
  using initSecret = await readInitSecret(call.flags.text('init-secret-file'))
  const request = { ...(await requestOf(call)), initSecret }
  const client = await call.connect()
  const answer = await during('Error initializing', () => client.init(request))
  try {
    if (call.output.format === 'table') await putTable(call, client, { answer, request })
    else await putSecret(call.io, renderMembers(call.output.format, members(answer, request)))
  } catch (error) {
    throw error instanceof OutputError ? lost(error) : error
  } finally {
    wipeAll([...answer.keys, ...answer.keysBase64, answer.rootToken])
  }
  return EXIT_OK
}

/** What was asked for. Whether recovery shares make sense here, only the server can tell. */
async function requestOf(call: CommandCall): Promise<InitRequest> {
  const { flags } = call
  const rootTokenPgpKey = await readPgpKey(flags.text('root-token-pgp-key'))
  return {
    shares: flags.number('key-shares') ?? SHARES_DEFAULT,
    threshold: flags.number('key-threshold') ?? THRESHOLD_DEFAULT,
    pgpKeys: await readPgpKeys(flags.text('pgp-keys')),
    ...(rootTokenPgpKey === null ? {} : { rootTokenPgpKey }),
    recovery: {
      shares: flags.number('recovery-shares'),
      threshold: flags.number('recovery-threshold'),
      pgpKeys: await readPgpKeys(flags.text('recovery-pgp-keys')),
    },
  }
}

/** Without the line end that most files have, as the server reads its own. */
async function readInitSecret(path: string | null): Promise<SecretBytes | null> {
  if (path === null) return null
  using text = await readSecretFile(path)
  return text.lend((bytes) => {
    let length = bytes.length
    while (length > 1 && (bytes[length - 1] === 0x0a || bytes[length - 1] === 0x0d)) length--
    return SecretBytes.copyOf(bytes.subarray(0, length))
  })
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
  readonly request: InitRequest
}

async function putTable(call: CommandCall, client: ConclaveClient, made: Initialised): Promise<void> {
  const { answer, request } = made
  if ((request.pgpKeys ?? []).length === 0) {
    const format = parseShareFormat(call.flags.text('share-format'))
    const shares = { keys: answer.keys, format, set: 'live' } as const
    await putShares(call, shares, (texts) => lines(texts, answer))
  } else await putSecret(call.io, lines(answer.keysBase64, answer))
  sayKeySet(call, await orNull(() => client.custodyStatus()))
  say(call.io, advice(request))
}

/** Unlike the new shares of a rekey these are given once only: nobody else must be able to ask for them. */
function lost(cause: OutputError): OutputError {
  const message = `The shares could not be printed, and nobody has them: ${cause.message}`
  return new OutputError(message, { hint: LOST_HINT, cause })
}

const LOST_HINT = `The store has been set up, and holds nothing yet. Begin again with a new one: stop the
server, delete the folder of its store (./data, unless -data or -config named another), start it, and

Next: conclave operator init`

function lines(texts: readonly SecretBytes[], answer: InitAnswer): readonly Piece[] {
  return [
    ...texts.flatMap((text, at): readonly Piece[] => [`Unseal Key ${at + 1}: `, text, '\n']),
    '\nInitial Root Token: ',
    answer.rootToken,
    '\n',
  ]
}

/** key-lifecycle.md section 10.3, last lines: the shape that `operator init -format=json` has of its own. */
function members(answer: InitAnswer, request: InitRequest) {
  return [
    { name: 'unseal_keys_b64', secrets: answer.keysBase64 },
    { name: 'unseal_keys_hex', secrets: answer.keys },
    { name: 'unseal_shares', value: request.shares },
    { name: 'unseal_threshold', value: request.threshold },
    { name: 'recovery_keys_b64', secrets: [] },
    { name: 'recovery_keys_hex', secrets: [] },
    { name: 'recovery_keys_shares', value: 0 },
    { name: 'recovery_keys_threshold', value: 0 },
    { name: 'root_token', secret: answer.rootToken },
  ]
}

function advice(request: InitRequest): string {
  const { shares, threshold, pgpKeys = [], rootTokenPgpKey } = request
  const quorum = shares === 1 ? 'the share' : `${threshold} of the ${shares} shares`
  const shown =
    pgpKeys.length === 0
      ? 'The shares are shown this once and kept nowhere. Give each to a different person.'
      : 'Each share is for the holder of its key, who reads it with: base64 -d | gpg -d'
  const token = rootTokenPgpKey === undefined ? '' : '\nThe token is encrypted in the same way.'
  return `
${shown}${token}
The server is sealed: it opens with ${quorum}, now and after every restart.
Without them nobody can read what it will hold, not even we.

Next: conclave operator unseal`
}

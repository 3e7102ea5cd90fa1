import { fromUtf8, utf8 } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { ApiError, TransportError } from '../client/errors.ts'
import type { RootClient, RootStatus } from '../client/root-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, UsageError } from './failure.ts'
import { HOLDER_FLAG, readHolder, tellCancelled } from './holder.ts'
import { say } from './io.ts'
import { readPgpKey } from './pgp-keys.ts'
import { readSecret } from './prompt.ts'
import { putRootStatus } from './root-output.ts'
import { decodeRootToken, makeOtp } from './root-token.ts'
import { type Piece, putSecret, renderMembers, type SecretMember } from './secret-output.ts'
import { readShare, SHARE_FILE_FLAG, shareOrigin } from './share-input.ts'
import { shownRoot } from './statement-output.ts'

/** `conclave operator generate-root`: a root token, made when enough holders agree. */
export const command: CommandSpec = {
  name: 'operator generate-root',
  summary: 'Makes a new root token when enough holders agree; only who started it can read the token.',
  operands: '[SHARE|-]',
  arity: [0, 1],
  examples: [
    {
      does: 'start: the one-time password in the answer is yours to keep',
      types: 'operator generate-root -init',
    },
    { does: 'agree with a share; what is typed is not shown', types: 'operator generate-root' },
    {
      does: 'read the token that the last share brought',
      types: 'operator generate-root -decode=ENCODED_TOKEN -otp=OTP',
    },
    { does: 'have it encrypted to a key instead', types: 'operator generate-root -init -pgp-key=me.asc' },
  ],
  flags: [
    { name: 'init', kind: 'switch', help: 'start' },
    { name: 'status', kind: 'switch', help: 'how far it is' },
    { name: 'cancel', kind: 'switch', help: 'end it, with nothing made' },
    {
      name: 'decode',
      kind: 'text',
      value: 'TEXT',
      help: 'read an encoded token; - takes it from standard input',
    },
    { name: 'generate-otp', kind: 'switch', help: 'print a one-time password for -init' },
    { name: 'otp', kind: 'text', help: 'one-time password for -init or -decode' },
    { name: 'pgp-key', kind: 'text', value: 'FILE', once: true, help: 'encrypt the token to this key' },
    { name: 'nonce', kind: 'text', help: 'the one that is meant; needed when nobody is asked' },
    HOLDER_FLAG,
    SHARE_FILE_FLAG,
  ],
  later: ['recovery-token'],
  connects: true,
  answers: true,
  run,
}

/** The order of choice is the contract's (section 10.2), where several are given. */
async function run(call: CommandCall): Promise<number> {
  const { flags } = call
  const encoded = flags.text('decode')
  const isDecoding = encoded !== null && encoded !== ''
  if (flags.on('generate-otp')) return printOtp(call)
  if (isDecoding) return decode(call, encoded)
  const root = (await call.connect()).root()
  if (flags.on('cancel')) return cancel(call, root)
  if (flags.on('init')) return start(call, root)
  if (flags.on('status')) return tell(call, root)
  return give(call, root)
}

async function printOtp(call: CommandCall): Promise<number> {
  const status = await statusOf((await call.connect()).root())
  if (status.otpLength === 0) {
    throw new UsageError('this server takes one-time passwords of an older kind, which are not made here')
  }
  using otp = makeOtp(await call.ports.loadEntropy(), status.otpLength)
  const length: SecretMember = { name: 'otp_length', value: status.otpLength }
  await putOne(call, [{ name: 'otp', secret: otp }, length], [otp])
  return EXIT_OK
}

/** Put together here; the server is asked only about what this version cannot read. */
async function decode(call: CommandCall, given: string): Promise<number> {
  const otpText = call.flags.text('otp') ?? ''
  if (otpText === '') throw new UsageError('Missing otp: use -otp to supply it')
  using otp = SecretBytes.take(utf8(otpText))
  const encoded = given === '-' ? await encodedFromStdin(call) : given.trim()
  using token = decodeRootToken(utf8(encoded), otp) ?? (await decodedByServer(call, encoded, otpText))
  if (token === null) {
    throw new UsageError('Error decoding root token: it does not go with this one-time password', {
      hint: 'Is the encoded token whole, and is this the OTP that -init showed? Both have the same length.',
    })
  }
  await putOne(call, [{ name: 'token', secret: token }], [token])
  return EXIT_OK
}

/** Not secret without its password, so text will do. */
async function encodedFromStdin(call: CommandCall): Promise<string> {
  if (call.flags.on('non-interactive')) {
    throw new UsageError('Missing encoded value: -non-interactive forbids to read it from standard input')
  }
  using text = await readSecret(call.io.stdin, 'standard input')
  return text.lend(fromUtf8).trim()
}

/** `null` when the server cannot, either: what was wrong with the text is told better from here. */
async function decodedByServer(call: CommandCall, encoded: string, otp: string): Promise<SecretBytes | null> {
  try {
    return await (await call.connect()).root().decode(encoded, otp)
  } catch (error) {
    if (error instanceof ApiError || error instanceof TransportError) return null
    throw error
  }
}

async function cancel(call: CommandCall, root: RootClient): Promise<number> {
  using holder = await readHolder(call)
  const rest = await during('Error canceling root token generation', () => root.cancel(holder))
  return tellCancelled(call, rest, ['Success! Root token generation canceled (if it was started)'])
}

async function start(call: CommandCall, root: RootClient): Promise<number> {
  const otp = call.flags.text('otp') ?? ''
  const keyFile = call.flags.text('pgp-key')
  if (otp !== '' && keyFile !== null) {
    throw new UsageError('Error initializing: cannot specify both -otp and -pgp-key')
  }
  const pgpKey = await readPgpKey(keyFile)
  const request = { ...(otp === '' ? {} : { otp }), ...(pgpKey === null ? {} : { pgpKey }) }
  using holder = await readHolder(call)
  const started = await during('Error initializing root generation', () => root.start(request, holder))
  using made = started.otp
  await putRootStatus(call, started.status, made)
  return EXIT_OK
}

async function tell(call: CommandCall, root: RootClient): Promise<number> {
  await putRootStatus(call, await statusOf(root))
  return EXIT_OK
}

async function give(call: CommandCall, root: RootClient): Promise<number> {
  const running = await statusOf(root)
  if (!running.started) {
    const message =
      'No root generation is in progress. Start one with "conclave operator generate-root -init".'
    const hint = `A one-time password of your own needs ${running.otpLength} characters.`
    throw new UsageError(message, { code: 'ceremony_not_running', hint })
  }
  const origin = shareOrigin(call)
  if (origin === 'prompt') {
    const { lines } = shownRoot(running, await call.ports.loadHashing())
    for (const line of [...lines, '', `Operation nonce: ${running.nonce}`]) say(call.io, line)
  }
  const nonce = origin === 'prompt' ? running.nonce : (call.flags.text('nonce') ?? '')
  if (nonce === '') throw new UsageError('Missing nonce value: specify it via the -nonce flag')
  using share = await readShare(call, origin, 'Unseal Key (will be hidden): ')
  await putRootStatus(call, await during('Error posting unseal key', () => root.update(share, nonce)))
  return EXIT_OK
}

function statusOf(root: RootClient): Promise<RootStatus> {
  return during('Error getting root generation status', () => root.status())
}

/** One value and nothing behind it in a table, so that a shell can take it as it is. */
async function putOne(
  call: CommandCall,
  members: readonly SecretMember[],
  text: readonly Piece[],
): Promise<void> {
  const { format } = call.output
  await putSecret(call.io, format === 'table' ? text : renderMembers(format, members))
}

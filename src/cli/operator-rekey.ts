import type { RekeyStatus } from '../client/answers.ts'
import type { ConclaveClient } from '../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, UsageError } from './failure.ts'
import { say } from './io.ts'
import type { Row } from './output.ts'
import { putNewShares } from './rekey-output.ts'
import { readShare, SHARE_FILE_FLAG, shareOrigin } from './share-input.ts'
import { parseShareFormat, SHARE_FORMAT_FLAG } from './share-output.ts'
import { progressLine } from './status.ts'

const SHARES_DEFAULT = 5
const THRESHOLD_DEFAULT = 3

/** `conclave operator rekey`: new shares for the same secrets, agreed by holders of the old ones. */
export const command: CommandSpec = {
  name: 'operator rekey',
  summary: 'Changes the shares: holders of the old ones agree, and new ones are printed, this once.',
  operands: '[SHARE|-]',
  arity: [0, 1],
  examples: [
    { does: 'start: four new shares, any two of them will open', types: 'operator rekey -init -n 4 -t 2' },
    { does: 'agree with an old share; what is typed is not shown', types: 'operator rekey' },
    {
      does: 'from a file, for the rekey that was announced',
      types: 'operator rekey -nonce=N -share-file=share.txt',
    },
    {
      does: 'how far it is, or end it with nothing changed',
      types: 'operator rekey -status    (or -cancel)',
    },
  ],
  flags: [
    { name: 'init', kind: 'switch', help: 'start' },
    { name: 'status', kind: 'switch', help: 'how far it is' },
    { name: 'cancel', kind: 'switch', help: 'end it, with nothing changed' },
    { name: 'key-shares', alias: 'n', kind: 'number', help: 'how many new shares to make (5)' },
    { name: 'key-threshold', alias: 't', kind: 'number', help: 'how many of them will open the server (3)' },
    { name: 'nonce', kind: 'text', help: 'the rekey that is meant; needed when nobody is asked' },
    { name: 'target', kind: 'text', value: 'barrier', help: 'the only one in this version' },
    SHARE_FILE_FLAG,
    SHARE_FORMAT_FLAG,
  ],
  later: ['verify', 'pgp-keys', 'backup', 'backup-delete', 'backup-retrieve'],
  connects: true,
  answers: true,
  run,
}

/** The order of choice is the contract's (section 10.2): cancel, init, status, else a share. */
async function run(call: CommandCall): Promise<number> {
  checkTarget(call.flags.text('target'))
  parseShareFormat(call.flags.text('share-format'))
  const { flags } = call
  if (flags.on('cancel')) return cancel(call)
  if (flags.on('init')) return start(call)
  if (flags.on('status')) {
    const client = await call.connect()
    return tell(call, await during('Error reading rekey status', () => client.rekeyStatus()))
  }
  return give(call)
}

async function cancel(call: CommandCall): Promise<number> {
  const client = await call.connect()
  await during('Error canceling rekey', () => client.rekeyCancel())
  say(call.io, 'Success! The rekey is canceled (if one was started). The old shares stay as they are.')
  return EXIT_OK
}

async function start(call: CommandCall): Promise<number> {
  const counts = {
    shares: call.flags.number('key-shares') ?? SHARES_DEFAULT,
    threshold: call.flags.number('key-threshold') ?? THRESHOLD_DEFAULT,
  }
  const client = await call.connect()
  return tell(call, await during('Error initializing rekey', () => client.rekeyInit(counts)))
}

async function give(call: CommandCall): Promise<number> {
  const origin = shareOrigin(call)
  const client = await call.connect()
  const running = await during('Error getting rekey status', () => client.rekeyStatus())
  if (!running.started) {
    const message = 'No rekey is in progress. Start one with "conclave operator rekey -init".'
    throw new UsageError(message, { code: 'ceremony_not_running' })
  }
  if (origin === 'prompt') say(call.io, `Rekey operation nonce: ${running.nonce}`)
  // Without a person who reads it, the nonce must be given: a share must not agree to a rekey nobody
  // looked at.
  const nonce = origin === 'prompt' ? running.nonce : call.flags.text('nonce')
  if (nonce === null || nonce === '')
    throw new UsageError('Missing nonce value: specify it via the -nonce flag')
  using share = await readShare(call, origin, 'Unseal Key (will be hidden): ')
  const update = await during('Error posting unseal key', () => client.rekeyUpdate(share, nonce))
  if (!update.complete) return tell(call, await progressOf(client))
  const format = parseShareFormat(call.flags.text('share-format'))
  await putNewShares(call, client, { update, format, agreed: running })
  return EXIT_OK
}

function progressOf(client: ConclaveClient): Promise<RekeyStatus> {
  return during('Error reading rekey status', () => client.rekeyStatus())
}

async function tell(call: CommandCall, status: RekeyStatus): Promise<number> {
  await call.output.data(rekeyRows(status), rekeyValue(status))
  if (call.output.format !== 'table') return EXIT_OK
  if (!status.started) say(call.io, '\nNext: conclave operator rekey -init')
  else say(call.io, `\n${progressLine(status.progress, status.required)}\nNext: conclave operator rekey`)
  return EXIT_OK
}

/** The rows of key-lifecycle.md section 10.3. */
export function rekeyRows(status: RekeyStatus): readonly Row[] {
  const rows: readonly Row[] = [
    ['Nonce', status.nonce],
    ['Started', String(status.started)],
  ]
  if (!status.started) return rows
  const verification: readonly Row[] =
    status.verificationNonce === '' ? [] : [['Verification Nonce', status.verificationNonce]]
  return [
    ...rows,
    ['Progress', `${status.progress}/${status.required}`],
    ['New Shares', String(status.shares)],
    ['New Threshold', String(status.threshold)],
    ['Verification Required', String(status.verificationRequired)],
    ...verification,
  ]
}

function rekeyValue(status: RekeyStatus): unknown {
  return {
    nonce: status.nonce,
    started: status.started,
    t: status.threshold,
    n: status.shares,
    progress: status.progress,
    required: status.required,
    pgp_fingerprints: null,
    backup: status.backup,
    verification_required: status.verificationRequired,
    verification_nonce: status.verificationNonce,
  }
}

function checkTarget(target: string | null): void {
  if (target === null || target === 'barrier') return
  if (target !== 'recovery' && target !== 'hsm') throw new UsageError(`Unknown target: ${target}`)
  const message = `-target=${target} comes with a later version of conclave`
  throw new UsageError(message, { code: 'not_yet' })
}

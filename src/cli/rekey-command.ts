import type { ConclaveClient } from '../client/conclave-client.ts'
import type { RekeyStatus } from '../client/rekey-answers.ts'
import type { RekeyClient, RekeyFace } from '../client/rekey-client.ts'
import type { CommandCall, CommandSpec, Example } from './command.ts'
import { during, EXIT_OK, UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { HOLDER_FLAG, readHolder, tellCancelled } from './holder.ts'
import { say } from './io.ts'
import { lostAnswer } from './lost-answer.ts'
import { readPgpKeys } from './pgp-keys.ts'
import { putNewShares } from './rekey-output.ts'
import { backupRows, backupValue, rekeyRows, rekeyValue, verifyRows, verifyValue } from './rekey-rows.ts'
import { readShare, SHARE_FILE_FLAG, shareOrigin } from './share-input.ts'
import { parseShareFormat, SHARE_FORMAT_FLAG } from './share-output.ts'
import { shownRekey } from './statement-output.ts'
import { progressLine } from './status.ts'

const SHARES_DEFAULT = 5
const THRESHOLD_DEFAULT = 3

/** One of the two commands that change shares: the same grammar on another face of the server. */
export interface RekeyVerb {
  /** As it is typed, for example `operator rekey`. */
  readonly name: string
  readonly summary: string
  /** What it does, as a noun: `rekey`, `rotation`. */
  readonly noun: string
  /** Behind "Canceled", in the peers' sentence. */
  readonly gerund: string
  readonly faces: { readonly barrier: RekeyFace; readonly recovery: RekeyFace }
  /** Whether a share may stand in for a token. */
  readonly takesHolder: boolean
  readonly examples: readonly Example[]
}

/** The command of a verb: flags, defaults and the order of choice of key-lifecycle.md section 10.2. */
export function rekeyCommand(verb: RekeyVerb): CommandSpec {
  return {
    name: verb.name,
    summary: verb.summary,
    operands: '[SHARE|-]',
    arity: [0, 1],
    examples: verb.examples,
    flags: [...FLAGS, ...(verb.takesHolder ? [HOLDER_FLAG] : []), SHARE_FILE_FLAG, SHARE_FORMAT_FLAG],
    connects: true,
    answers: true,
    run: (call) => run(call, verb),
  }
}

const FLAGS: readonly FlagSpec[] = [
  { name: 'init', kind: 'switch', help: 'start' },
  { name: 'status', kind: 'switch', help: 'how far it is' },
  { name: 'cancel', kind: 'switch', help: 'end it, with nothing changed' },
  {
    name: 'verify',
    kind: 'switch',
    help: 'new shares must be given back first; else: act on the giving back',
  },
  { name: 'key-shares', alias: 'n', kind: 'number', help: 'how many new shares to make (5)' },
  { name: 'key-threshold', alias: 't', kind: 'number', help: 'how many of them will open the server (3)' },
  { name: 'nonce', kind: 'text', help: 'the one that is meant; needed when nobody is asked' },
  { name: 'target', kind: 'text', choices: ['barrier', 'recovery'], help: 'which keys (barrier)' },
  { name: 'pgp-keys', kind: 'text', value: 'FILES', once: true, help: 'encrypt each share to a key: a,b,c' },
  { name: 'backup', kind: 'switch', help: 'keep the encrypted shares in the store, too' },
  { name: 'backup-retrieve', kind: 'switch', help: 'print that backup' },
  { name: 'backup-delete', kind: 'switch', help: 'take it away' },
]

async function run(call: CommandCall, verb: RekeyVerb): Promise<number> {
  const { flags } = call
  const { face, keyName } = chosenTarget(verb, flags.text('target'))
  parseShareFormat(flags.text('share-format'))
  const client = await call.connect()
  const act: Act = { call, verb, client, rekey: client.rekey(face), keyName, verifies: flags.on('verify') }
  if (flags.on('backup-delete')) return deleteBackup(act)
  if (flags.on('backup-retrieve')) return retrieveBackup(act)
  if (flags.on('cancel')) return cancel(act)
  if (flags.on('init')) return start(act)
  if (flags.on('status')) return tell(act)
  return act.verifies ? giveBack(act) : agree(act)
}

interface Act {
  readonly call: CommandCall
  readonly verb: RekeyVerb
  readonly client: ConclaveClient
  readonly rekey: RekeyClient
  /** What the prompt asks for. */
  readonly keyName: string
  readonly verifies: boolean
}

function chosenTarget(verb: RekeyVerb, target: string | null): { face: RekeyFace; keyName: string } {
  const name = (target ?? 'barrier').trim().toLowerCase()
  if (name === 'barrier') return { face: verb.faces.barrier, keyName: 'Unseal' }
  // The recovery keys of a server that opens by itself. Whether this one has any, it says itself.
  if (name === 'recovery' || name === 'hsm') return { face: verb.faces.recovery, keyName: 'Recovery' }
  throw new UsageError(`Unknown target: ${target}`, { hint: 'Give barrier or recovery.' })
}

async function deleteBackup({ call, verb, rekey }: Act): Promise<number> {
  await during(`Error deleting ${verb.noun} backed up keys`, () => rekey.deleteBackup())
  say(call.io, 'Success! Deleted backed up keys (if they existed)')
  return EXIT_OK
}

async function retrieveBackup({ call, verb, rekey }: Act): Promise<number> {
  const backup = await during(`Error retrieving ${verb.noun} backed up keys`, () => rekey.backup())
  await call.output.data(backupRows(backup), backupValue(backup))
  return EXIT_OK
}

async function cancel({ call, verb, rekey, verifies }: Act): Promise<number> {
  using holder = verb.takesHolder ? await readHolder(call) : null
  const rest = await during(`Error canceling ${verb.noun}`, async () => {
    if (!verifies) return await rekey.cancel(holder)
    await rekey.verifyCancel(holder)
    return null
  })
  return tellCancelled(call, rest, [
    `Success! Canceled ${verb.gerund} (if it was started)`,
    verifies
      ? 'The new shares given back are forgotten; the new shares themselves still wait.'
      : 'The shares that open the server stay as they are.',
  ])
}

async function start({ call, verb, rekey, verifies }: Act): Promise<number> {
  const { flags } = call
  const pgpKeys = await readPgpKeys(flags.text('pgp-keys'))
  const request = {
    shares: flags.number('key-shares') ?? SHARES_DEFAULT,
    threshold: flags.number('key-threshold') ?? THRESHOLD_DEFAULT,
    pgpKeys,
    backup: flags.on('backup'),
    verify: verifies ? ('threshold' as const) : ('none' as const),
  }
  using holder = verb.takesHolder ? await readHolder(call) : null
  const status = await during(`Error initializing ${verb.noun}`, () => rekey.start(request, holder))
  if (call.output.format === 'table') warn(call, { encrypted: pgpKeys.length > 0, backup: request.backup })
  return putStatus({ call, verb }, status)
}

/** What can go wrong with shares that are on their way, before anybody agrees to make them. */
function warn(call: CommandCall, plan: { readonly encrypted: boolean; readonly backup: boolean }): void {
  if (!plan.encrypted) {
    say(call.io, 'WARNING! The new shares will be shown once, in the clear, to whoever gives the last share.')
    say(call.io, 'Shares that get lost on the way are lost for good. To have each encrypted to its holder,')
    say(call.io, 'cancel and start again with -pgp-keys; -backup then keeps the encrypted ones as well.\n')
  } else if (!plan.backup) {
    say(call.io, 'WARNING! The new shares will be encrypted, but answered once and kept nowhere.')
    say(call.io, 'To have the encrypted shares kept in the store until all have arrived, cancel and start')
    say(call.io, 'again with -backup; -backup-delete takes them away later.\n')
  }
}

/** The peers' `-status`, and what they print after a share that did not complete anything. */
async function tell(act: Act): Promise<number> {
  const { call, verb, rekey, verifies } = act
  if (verifies) return tellVerification(act)
  return putStatus({ call, verb }, await during(`Error reading ${verb.noun} status`, () => rekey.status()))
}

async function tellVerification({ call, verb, rekey }: Act): Promise<number> {
  const status = await during(`Error reading ${verb.noun} status`, () => rekey.verifyStatus())
  await call.output.data(verifyRows(status), verifyValue(status))
  if (call.output.format !== 'table' || !status.started) return EXIT_OK
  say(call.io, `\n${progressLine(status.progress, status.required)}\nNext: conclave ${verb.name} -verify`)
  return EXIT_OK
}

async function putStatus({ call, verb }: Pick<Act, 'call' | 'verb'>, status: RekeyStatus): Promise<number> {
  await call.output.data(rekeyRows(status), rekeyValue(status))
  if (call.output.format === 'table') say(call.io, `\n${nextStep(verb, status)}`)
  return EXIT_OK
}

function nextStep(verb: RekeyVerb, status: RekeyStatus): string {
  if (!status.started) return `Next: conclave ${verb.name} -init`
  if (status.verificationNonce !== '') {
    return `The new shares wait to be given back.\nNext: conclave ${verb.name} -verify`
  }
  return `${progressLine(status.progress, status.required)}\nNext: conclave ${verb.name}`
}

/** Gives a share of the present set. The last one brings the new shares. */
async function agree(act: Act): Promise<number> {
  const { call, verb, rekey } = act
  const agreed = await during(`Error getting ${verb.noun} status`, () => rekey.status())
  // With a nonce, all the same: what it names may be complete, and the answer lost on the way here.
  if (call.flags.text('nonce') === null) requireStarted(verb, agreed)
  if (shareOrigin(call) === 'prompt' && agreed.started) await showTerms(call, agreed)
  const nonce = shownNonce(call, agreed)
  using share = await readShare(call, shareOrigin(call), question(act))
  const update = await during('Error posting unseal key', () => rekey.update(share, nonce)).catch(
    (error: unknown) => Promise.reject(lostAnswer(error, nonce, verb.name)),
  )
  if (!update.complete) return tell(act)
  const format = parseShareFormat(call.flags.text('share-format'))
  await putNewShares(call, { verb: verb.name, update, format })
  if (!update.verificationRequired || call.output.format !== 'table') return EXIT_OK
  return tellVerification(act)
}

/** Whoever is asked for a share is told before what it agrees to. */
async function showTerms(call: CommandCall, status: RekeyStatus): Promise<void> {
  const { lines } = shownRekey(status, await call.ports.loadHashing())
  for (const line of [...lines, '']) say(call.io, line)
}

/** Gives a new share back. */
async function giveBack(act: Act): Promise<number> {
  const { call, verb, rekey } = act
  const running = await during(`Error getting ${verb.noun} status`, () => rekey.verifyStatus())
  requireStarted(verb, running)
  const nonce = shownNonce(call, running)
  using share = await readShare(call, shareOrigin(call), question(act))
  const update = await during('Error posting unseal key', () => rekey.verifyUpdate(share, nonce))
  if (!update.complete) return tell(act)
  if (call.output.format === 'table') say(call.io, VERIFIED)
  else await call.output.data([], { nonce: update.nonce, complete: true })
  return EXIT_OK
}

function requireStarted(verb: RekeyVerb, status: { readonly started: boolean }): void {
  if (status.started) return
  const message = `No ${verb.noun} is in progress. Start one with "conclave ${verb.name} -init".`
  throw new UsageError(message, { code: 'ceremony_not_running' })
}

/**
 * The nonce that goes with a share. Whoever is asked for one has it on the screen; a share from elsewhere
 * must not agree to what nobody looked at.
 */
function shownNonce(call: CommandCall, running: { started: boolean; nonce: string }): string {
  const isAsked = shareOrigin(call) === 'prompt'
  const nonce = isAsked && running.started ? running.nonce : (call.flags.text('nonce') ?? '')
  if (isAsked) say(call.io, `Operation nonce: ${nonce}`)
  if (nonce === '') throw new UsageError('Missing nonce value: specify it via the -nonce flag')
  return nonce
}

function question({ keyName }: Act): string {
  return `${keyName} Key (will be hidden): `
}

const VERIFIED = `Success! The new shares were proven and open the server from now on; the old ones do not.

Next: conclave snapshot save`

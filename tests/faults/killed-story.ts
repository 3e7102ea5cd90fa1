import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from '../api/server-process.ts'

/** Where the story was, by what its terminals had seen. */
export type Stage =
  | 'init'
  | 'unseal'
  | 'direct rekey'
  | 'its evidence'
  | 'verified rekey'
  | 'verification'
  | 'root token'
  | 'rotation'
  | 'the end'

export const STAGES: readonly Stage[] = [
  'init',
  'unseal',
  'direct rekey',
  'its evidence',
  'verified rekey',
  'verification',
  'root token',
  'rotation',
  'the end',
]

/** What the terminals had seen when the server was killed: all of it must hold for whoever comes next. */
export interface Seen {
  stage: Stage
  /** Whether a ceremony was open: its first request was answered, and it was not seen to be over. */
  isInside: boolean
  /** Every set that was handed out, oldest first. */
  sets: string[][]
  rootToken: string
  /** Root tokens that were made by a quorum. */
  tokens: string[]
  /** Writes that were acknowledged. */
  written: number
  /** Of the running ceremony: its nonce, and how many shares were acknowledged for it. */
  nonce: string
  agreed: number
  /** Whether the old set was seen gone, so that only one opens. */
  isSingle: boolean
  /** The one-time password of the running root token. */
  password: string
}

export function nothingSeen(): Seen {
  return {
    ...{ stage: 'init', isInside: false, sets: [], rootToken: '', tokens: [], written: 0 },
    ...{ nonce: '', agreed: 0, isSingle: false, password: '' },
  }
}

const REKEY = '/v1/sys/rekey'
const ORIGINAL = '/sys/rekey'
const GENERATE = '/v1/sys/generate-root'

/**
 * One life of a store, from nothing: init, unseal, a direct rekey until its old set is gone, a verified
 * rekey, a root token, rotations; from the unseal on beside somebody who writes. It notes in `seen` what the
 * answers have said, and nothing before it was said.
 */
export async function tell(server: ServerProcess, seen: Seen): Promise<void> {
  const init = await server.call('PUT', '/v1/sys/init', { secret_shares: 3, secret_threshold: 2 })
  Object.assign(seen, { sets: [init.body.keys], rootToken: init.body.root_token, isSingle: true })
  begin(seen, 'unseal')
  for (const key of init.body.keys.slice(0, 2)) {
    await server.call('PUT', '/v1/sys/unseal', { key })
    seen.isInside = true
  }
  await server.call('POST', '/v1/sys/mounts/secret', { type: 'kv' }, seen.rootToken)
  const writing = write(server, seen)
  // Awaited at the end; until then the server may be killed beneath both.
  writing.catch(() => undefined)
  await directRekey(server, seen)
  await verifiedRekey(server, seen)
  await rootToken(server, seen)
  begin(seen, 'rotation')
  for (let term = 0; term < 3; term++) {
    const { status } = await server.call('PUT', '/v1/sys/rotate', undefined, seen.rootToken)
    assert.equal(status, 204)
  }
  begin(seen, 'the end')
  await writing
}

async function directRekey(server: ServerProcess, seen: Seen): Promise<void> {
  begin(seen, 'direct rekey')
  const [keys = []] = seen.sets
  await server.call('PUT', `${ORIGINAL}/init`, { secret_shares: 4, secret_threshold: 2 })
  seen.isInside = true
  seen.isSingle = false
  await server.call('PUT', `${ORIGINAL}/update`, { key: keys[0] })
  const { body } = await server.call('PUT', `${ORIGINAL}/update`, { key: keys[2] })
  seen.sets.push(body.keys)
  begin(seen, 'its evidence')
  seen.isInside = true
  for (;;) {
    const { body: custody } = await server.call('GET', '/v1/sys/custody/status')
    if (custody.retiring === null) break
    await sleep(1)
  }
  seen.isSingle = true
}

async function verifiedRekey(server: ServerProcess, seen: Seen): Promise<void> {
  begin(seen, 'verified rekey')
  const keys = seen.sets.at(-1) ?? []
  const terms = { secret_shares: 5, secret_threshold: 3, require_verification: true }
  const { nonce } = (await server.call('PUT', `${REKEY}/init`, terms)).body
  Object.assign(seen, { nonce, agreed: 0, isInside: true })
  await server.call('PUT', `${REKEY}/update`, { key: keys[3], nonce })
  seen.agreed = 1
  const { body } = await server.call('PUT', `${REKEY}/update`, { key: keys[1], nonce })
  seen.sets.push(body.keys)
  Object.assign(seen, { agreed: 2, stage: 'verification' })
  for (const key of body.keys.slice(2)) {
    await server.call('PUT', `${REKEY}/verify`, { key, nonce: body.verification_nonce })
  }
  seen.sets = [keys, body.keys]
}

async function rootToken(server: ServerProcess, seen: Seen): Promise<void> {
  begin(seen, 'root token')
  const keys = seen.sets.at(-1) ?? []
  const { nonce, otp: password } = (await server.call('PUT', `${GENERATE}/attempt`)).body
  Object.assign(seen, { nonce, password, agreed: 0, isInside: true })
  for (const key of keys.slice(0, 2)) {
    await server.call('PUT', `${GENERATE}/update`, { key, nonce })
    seen.agreed++
  }
  const { body } = await server.call('PUT', `${GENERATE}/update`, { key: keys[2], nonce })
  seen.tokens.push(decode(body.encoded_token, password))
}

/** The next stage; nothing of it has been asked for. */
function begin(seen: Seen, stage: Stage): void {
  Object.assign(seen, { stage, isInside: false, nonce: '', agreed: 0, password: '' })
}

/** Somebody who writes until the story is over. */
async function write(server: ServerProcess, seen: Seen): Promise<void> {
  for (let n = 1; seen.stage !== 'the end'; n++) {
    const { status } = await server.call('PUT', `/v1/secret/${n}`, { n }, seen.rootToken)
    assert.equal(status, 204)
    seen.written = n
  }
}

/** key-lifecycle.md section 7.2: unpadded base64, XOR with the ASCII of the one-time password. */
export function decode(encoded: string, password: string): string {
  const hidden = Buffer.from(encoded, 'base64')
  return Buffer.from(hidden.map((byte, index) => byte ^ password.charCodeAt(index))).toString()
}

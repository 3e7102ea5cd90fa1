import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { OperatingError } from '../base/errors.ts'
import type { UnixListenerConfig } from '../config/config.ts'
import { isListening } from '../http/endpoint.ts'

const USERS_FILE = '/etc/passwd'
const GROUPS_FILE = '/etc/group'
/** The largest number of a user; the one above means "leave it as it is" (chown(2)). */
const MAX_ID = 0xff_ff_ff_fe

/**
 * Looks whether a socket can be where it is to be, and be given to whom it is meant for. Makes nothing and
 * takes nothing away. Throws `config_invalid` with what is in the way.
 */
export function checkSocketPlace({ path, user, group }: Place): void {
  expectFolder(path)
  expectNoOther(path)
  if (user !== null) idOf(user, USERS_FILE, 'socket_user')
  if (group !== null) idOf(group, GROUPS_FILE, 'socket_group')
}

type Place = Pick<UnixListenerConfig, 'path' | 'user' | 'group'>

/**
 * Takes away the socket file of a server that is gone. One that somebody listens at stays, as does everything
 * that is no socket. Throws `config_invalid` with what is in the way.
 */
export async function freeSocketPath(path: string): Promise<void> {
  if (!expectNoOther(path)) return
  await expectNobody(path, path)
  // Another server may have begun to listen since: what is taken away is looked at once more, under a name
  // that nobody binds to.
  const aside = `${path}.${process.pid}.old`
  attempt(`the socket ${path} of a server that is gone cannot be taken away`, () => renameSync(path, aside))
  try {
    await expectNobody(aside, path)
  } catch (error) {
    linkSync(aside, path)
    throw error
  } finally {
    unlinkSync(aside)
  }
}

/**
 * Gives the socket file to whom it is meant for. Until then nobody but the server's own user can connect: it
 * was made under a umask of 077. Throws `config_invalid`.
 */
export function shareSocket({ path, mode, user, group }: UnixListenerConfig): void {
  const facts = lstatSync(path)
  const uid = user === null ? facts.uid : idOf(user, USERS_FILE, 'socket_user')
  const gid = group === null ? facts.gid : idOf(group, GROUPS_FILE, 'socket_group')
  if (uid !== facts.uid || gid !== facts.gid) {
    const fault = `the socket ${path} cannot be given to ${user ?? 'its user'}:${group ?? 'its group'}`
    attempt(`${fault}: run the server as one who may, or leave socket_user away`, () =>
      chownSync(path, uid, gid),
    )
  }
  attempt(`the mode of the socket ${path} cannot be set`, () => chmodSync(path, mode))
}

function expectFolder(path: string): void {
  const folder = dirname(path)
  const cannot = `cannot listen on ${path}:`
  const facts = attempt(`${cannot} the folder ${folder} cannot be looked at`, () =>
    statSync(folder, { throwIfNoEntry: false }),
  )
  if (facts?.isDirectory() !== true) throw invalid(`${cannot} there is no folder ${folder}; make it first`)
  attempt(`${cannot} this user may not write into ${folder}`, () =>
    accessSync(folder, constants.W_OK | constants.X_OK),
  )
}

/** Whether a socket file is there. */
function expectNoOther(path: string): boolean {
  const facts = attempt(`the socket ${path} cannot be looked at`, () =>
    lstatSync(path, { throwIfNoEntry: false }),
  )
  if (facts === undefined || facts.isSocket()) return facts !== undefined
  throw invalid(`${path} is there and is no socket: name another path, or move it away`)
}

async function expectNobody(at: string, path: string): Promise<void> {
  const answers = await isListening(at)
  if (answers === false) return
  const why = answers
    ? 'something listens there already; stop it, or give this server another path'
    : 'it cannot be told whether something listens there'
  throw invalid(`cannot listen on ${path}: ${why}`)
}

/** A number, or what the system's file has for a name: `name:…:number:…`. */
function idOf(name: string, file: string, key: string): number {
  if (/^\d{1,10}$/.test(name) && Number(name) <= MAX_ID) return Number(name)
  const lines = attempt(`${key}: ${file} cannot be read: give a number`, () => readFileSync(file, 'utf8'))
  const found = lines.split('\n').map((line) => line.split(':'))
  const id = found.find(([first]) => first === name)?.[2]
  if (id !== undefined && /^\d{1,10}$/.test(id)) return Number(id)
  throw invalid(`${key}: "${name}" is not in ${file}; give a number where names come from elsewhere`)
}

function attempt<Result>(fault: string, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw invalid(`${fault}${code}`, error)
  }
}

function invalid(sentence: string, cause?: unknown): OperatingError {
  return new OperatingError('config_invalid', sentence, { cause })
}

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { hasCode } from '../base/errors.ts'
import { DEFAULT_LISTENER, type UnixListenerConfig } from '../config/config.ts'
import { checkSocketPlace, freeSocketPath, shareSocket } from './unix-socket.ts'

let folder = ''
let path = ''
const servers: Server[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conclave-socket-'))
  path = join(folder, 's')
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
  rmSync(folder, { recursive: true })
})

function serve(at: string): Promise<void> {
  const server = createServer()
  servers.push(server)
  return new Promise((resolve) => void server.listen(at, resolve))
}

/** A socket file whose process is gone. */
function leaveStale(): void {
  const listen = `require('net').createServer().listen(${JSON.stringify(path)}`
  spawnSync(process.execPath, ['-e', `${listen}, () => process.kill(process.pid, 9))`])
  assert.ok(statSync(path).isSocket())
}

const refusal = async (act: () => Promise<void> | void): Promise<string> => {
  try {
    await act()
  } catch (error) {
    assert.ok(hasCode(error, 'config_invalid'), String(error))
    return error.message.replaceAll(`${folder}/`, '')
  }
  return 'it was taken'
}

describe('the path of a socket', () => {
  test('is free where nothing is', async () => {
    await freeSocketPath(path)
    assert.deepEqual(readdirSync(folder), [])
  })

  test('is freed of the file of a server that is gone, and of nothing else', async () => {
    leaveStale()
    writeFileSync(join(folder, 'other'), '')
    await freeSocketPath(path)
    assert.deepEqual(readdirSync(folder), ['other'])
  })

  test('stays where somebody listens', async () => {
    await serve(path)
    assert.equal(
      await refusal(() => freeSocketPath(path)),
      'cannot listen on s: something listens there already; stop it, or give this server another path',
    )
    assert.deepEqual(readdirSync(folder), ['s'])
  })

  test('stays where there is no socket, and a link is not followed', async () => {
    writeFileSync(path, 'mine')
    const message = 's is there and is no socket: name another path, or move it away'
    assert.equal(await refusal(() => freeSocketPath(path)), message)
    assert.equal(readFileSync(path, 'utf8'), 'mine')
    rmSync(path)
    await serve(join(folder, 'live'))
    symlinkSync(join(folder, 'live'), path)
    assert.equal(await refusal(() => freeSocketPath(path)), message)
    assert.ok(existsSync(path))
  })
})

describe('the place of a socket is refused, and nothing is made, where', () => {
  const place = (at: string, more: { user?: string; group?: string } = {}) => ({
    path: join(folder, at),
    user: more.user ?? null,
    group: more.group ?? null,
  })

  test('there is no such folder', async () => {
    const none = /^cannot listen on none\/s: there is no folder none; make it first$/
    assert.match(await refusal(() => checkSocketPlace(place('none/s'))), none)
    writeFileSync(join(folder, 'file'), '')
    assert.match(
      await refusal(() => checkSocketPlace(place('file/s'))),
      /there is no folder file; make it first/,
    )
  })

  test('something stands that is no socket', async () => {
    writeFileSync(path, 'mine')
    assert.match(await refusal(() => checkSocketPlace(place('s'))), /^s is there and is no socket/)
    assert.equal(readFileSync(path, 'utf8'), 'mine')
  })

  test('nobody knows the user or the group that it is for', async () => {
    const refused = await refusal(() => checkSocketPlace(place('s', { user: 'no such user' })))
    assert.match(refused, /^socket_user: "no such user" is not in/)
    assert.match(
      await refusal(() => checkSocketPlace(place('s', { group: 'none' }))),
      /^socket_group: "none"/,
    )
  })

  test('but not the file of a server that is gone, which the start takes away', async () => {
    leaveStale()
    assert.equal(await refusal(() => checkSocketPlace(place('s', { user: '0', group: '0' }))), 'it was taken')
    assert.deepEqual(readdirSync(folder), ['s'])
  })
})

describe('the file of a socket', () => {
  const config = (given: Partial<UnixListenerConfig>): UnixListenerConfig => ({
    ...DEFAULT_LISTENER,
    type: 'unix',
    path,
    mode: 0o600,
    user: null,
    group: null,
    ...given,
  })

  test('has the mode that was asked for', async () => {
    await serve(path)
    for (const mode of [0o600, 0o660, 0o666]) {
      shareSocket(config({ mode }))
      assert.equal(statSync(path).mode & 0o777, mode)
    }
  })

  test('is given to a user and a group, by number or by the names that the system has', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root may give files away')
    await serve(path)
    shareSocket(config({ user: '1234', group: '4321' }))
    assert.deepEqual([statSync(path).uid, statSync(path).gid], [1234, 4321])
    shareSocket(config({ user: 'nobody', group: null }))
    const [, , uid] = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => /^nobody:/.test(line))!
      .split(':')
    assert.equal(statSync(path).uid, Number(uid))
  })

  test('is not given to who is not there', async () => {
    await serve(path)
    assert.equal(
      await refusal(() => shareSocket(config({ user: 'no such user' }))),
      'socket_user: "no such user" is not in /etc/passwd; give a number where names come from elsewhere',
    )
    assert.match(
      await refusal(() => shareSocket(config({ group: '4294967295' }))),
      /^socket_group: "4294967295"/,
    )
  })
})

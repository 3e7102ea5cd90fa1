import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerProcess, temporaryFolder } from '../api/server-process.ts'

const work = temporaryFolder()
after(work.remove)

/** A request whose body never ends, which a stop waits for as long as it may. */
async function hang(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  // The answer to it shows that what stands behind it was read.
  socket.write('GET /v1/sys/health HTTP/1.1\r\nHost: x\r\n\r\n')
  socket.write('PUT /v1/sys/unseal HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"key":')
  await once(socket, 'data')
  return socket
}

async function said(server: ServerProcess, pattern: RegExp): Promise<void> {
  for (let waited = 0; !pattern.test(server.talk) && waited < 5000; waited += 10) await sleep(10)
  assert.match(server.talk, pattern)
}

for (const [first, second] of [
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGTERM'],
] as const) {
  test(`${second} within the grace of ${first} cuts off what is under way, and the stop is in order`, async () => {
    const folder = join(work.path, first)
    const server = await ServerProcess.start(folder)
    const counts = { secret_shares: 1, secret_threshold: 1 }
    const { body } = await server.call('PUT', '/v1/sys/init', counts)
    assert.equal(await server.unseal(body.keys), true)
    const socket = await hang(server.origin)
    const cut = once(socket, 'close')
    process.kill(server.pid, first)
    await said(server, new RegExp(`got ${first}, stopping`))
    process.kill(server.pid, second)
    await cut
    assert.equal(await server.exited, 0)
    assert.match(
      server.talk,
      new RegExp(`got ${second} again, cutting off[^]*store sealed[^]*server stopped`),
    )
    const next = await ServerProcess.start(folder)
    assert.equal(await next.unseal(body.keys), true)
    assert.equal(await next.stop(), 0)
  })
}

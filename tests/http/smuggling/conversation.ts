import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'

/** The status of the probe, which nothing else answers. */
export const PROBE_STATUS = 418
/** How long a listener may take for its first byte, where it has one to say. */
const FIRST_BYTE_MS = 1000
const QUIET_MS = 30
const TURNS = 64
const PROBE_MS = 5000

/**
 * What a listener did with the packets of a connection: the statuses in order, and whether it is `open`, so
 * that a request is answered in step, `closed`, or `waiting` for more of the last one.
 */
export async function converse(socket: Socket, packets: readonly string[], probe: string): Promise<string> {
  const seen = { text: '', closed: false }
  socket.on('data', (bytes: Buffer) => {
    seen.text += bytes.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.on('end', () => {
    seen.closed = true
  })
  socket.on('close', () => {
    seen.closed = true
  })
  // What is written before that leaves in one packet.
  await new Promise((resolve) => void socket.once(CONNECTED.get(socket.constructor) ?? 'connect', resolve))
  for (const [index, packet] of packets.entries()) {
    if (index > 0) await taken()
    if (!seen.closed) socket.write(packet, 'latin1')
  }
  await until(() => seen.closed || seen.text !== '', FIRST_BYTE_MS)
  // More than one answer may be on its way.
  for (let length = -1; length !== seen.text.length; await sleep(QUIET_MS)) length = seen.text.length
  if (!seen.closed) socket.write(probe)
  const isProbed = (): boolean => statusesOf(seen.text).includes(String(PROBE_STATUS))
  await until(
    () => seen.closed || isProbed(),
    packets.length > 0 && seen.text === '' ? FIRST_BYTE_MS : PROBE_MS,
  )
  socket.destroy()
  const statuses = statusesOf(seen.text).filter((status) => status !== String(PROBE_STATUS))
  const state = isProbed() ? 'open' : seen.closed ? 'closed' : 'waiting'
  return `${statuses.join(',') || 'nothing'} ${state}`
}

const CONNECTED = new Map<unknown, string>([[TLSSocket, 'secureConnect']])

/**
 * The listener, which is in this process, has taken its connections and looked at each, so that two packets
 * are two: libuv takes one connection a turn.
 */
async function taken(): Promise<void> {
  await sleep(5)
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function until(isSo: () => boolean, limitMs: number): Promise<void> {
  const began = performance.now()
  while (!isSo() && performance.now() - began < limitMs) await sleep(3)
}

function statusesOf(text: string): readonly string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d\d\d) /g)].map((match) => match[1] ?? '')
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ATTACKS, type AttackName, type Conversation } from './attacks.ts'

/**
 * Attackers in a process of their own, so that what they do to a machine is not felt where times are taken.
 * Each has one connection at a time. They say that they begin; on any message they stop, and say what they
 * were answered (how often each status, and how often nothing) and how many connections they had at once.
 */
export interface Orders {
  readonly port: number
  readonly attack: AttackName
  readonly attackers: number
  readonly token: string
}

/** Before the next connection: whoever is cut off does not turn into a flood of connections. */
const PAUSE_MS = 5

const orders: Orders = JSON.parse(process.argv[2] ?? '')
const conversations = ATTACKS[orders.attack](orders.token)
const statuses: Record<string, number> = {}
let open = 0
let most = 0

async function attack(number: number): Promise<void> {
  for (let turn = number; ; turn++) {
    const conversation = conversations[turn % conversations.length]
    if (conversation !== undefined) await converse(conversation)
    await sleep(PAUSE_MS)
  }
}

/** Says all of a conversation, as fast as the peer takes it, until the peer has answered or hung up. */
async function converse(conversation: Conversation): Promise<void> {
  const socket = connect(orders.port, '127.0.0.1')
  const closed = once(socket, 'close').catch(() => undefined)
  socket.once('connect', () => {
    most = Math.max(most, ++open)
    socket.once('close', () => open--)
  })
  let status = 'none'
  const over = orders.attack === 'slow' ? closed : Promise.race([closed, answered(socket)])
  void over.then((answer) => {
    if (typeof answer === 'string') status = answer
    socket.destroy()
  })
  for (const piece of conversation()) {
    if (socket.destroyed) break
    if (typeof piece === 'number') await Promise.race([sleep(piece), closed])
    else if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), closed]).catch(() => undefined)
  }
  await over
  statuses[status] = (statuses[status] ?? 0) + 1
}

/** Who is slow takes nothing, and so does not call this. */
async function answered(socket: Socket): Promise<string> {
  const [bytes] = await once(socket, 'data')
  return /^HTTP\/1\.1 (\d+)/.exec(String(bytes))?.[1] ?? 'none'
}

process.once('message', () => process.send?.({ statuses, most }, () => process.exit(0)))
process.send?.('begun')
for (let number = 0; number < orders.attackers; number++) void attack(number)

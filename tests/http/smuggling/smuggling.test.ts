import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { LogicalRequest } from '../../../src/logical/request.ts'
import type { LogicalResponse } from '../../../src/logical/response.ts'
import { type Listening, type ListenOptions, serve } from '../peer.ts'
import { selfSigned } from '../self-signed.ts'
import { converse, PROBE_STATUS } from './conversation.ts'
import { type Family, MOUNT } from './family.ts'
import { FRAMING } from './framing.ts'
import { HEADS } from './heads.ts'
import { ORDERS } from './orders.ts'

const FAMILIES = [...FRAMING, ...HEADS, ...ORDERS]
/** The least that the security model asks for (H6). */
const LEAST = 200
const AT_ONCE = 16
const PATH_SHOWN = 16
const PROBE = 'GET /v1/probe HTTP/1.1\r\nHost: x\r\n\r\n'

interface Case {
  readonly family: Family
  readonly variant: string
  readonly expected: string
}

const CASES: readonly Case[] = FAMILIES.flatMap((family) =>
  Object.entries(family.cases).flatMap(([expected, variants]) =>
    variants.map((variant) => ({ family, variant, expected })),
  ),
)

/** A listener that notes what it dispatches, by the first part of the path. */
async function noting(
  t: TestContext,
  tls: ListenOptions['tls'],
): Promise<Listening & { readonly notes: ReadonlyMap<string, string[]> }> {
  const notes = new Map<string, string[]>()
  const dispatch = async ({ operation, path, data }: LogicalRequest): Promise<LogicalResponse> => {
    const [mount = '', ...rest] = path.split('/')
    const isWrite = operation === 'update' || operation === 'patch'
    const members = data === null || !isWrite ? '' : ` {${[...data.members.keys()].join()}}`
    const note = `${operation} ${rest.join('/').slice(0, PATH_SHOWN)}${members}`
    notes.set(mount, [...(notes.get(mount) ?? []), note])
    return { data: {} }
  }
  const routes = { '/v1/probe': async () => ({ status: PROBE_STATUS, body: {} }) }
  const listening = await serve(t, { routes, service: { dispatch }, ...(tls === undefined ? {} : { tls }) })
  return { ...listening, notes }
}

/** What became of every case, several at a time, each with a mount of its own. */
async function outcomes(
  open: () => Socket,
  notes: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  const found: string[] = []
  const queue = [...CASES.entries()]
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, { family, variant }] = next
      const mount = `m${String(index).padStart(3, '0')}`
      const packets = family.make(variant).map((packet) => packet.replaceAll(MOUNT, mount))
      const outcome = await converse(open(), packets, PROBE)
      const dispatched = (notes.get(mount) ?? []).join('; ')
      found[index] = dispatched === '' ? outcome : `${outcome}: ${dispatched}`
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return found
}

function report(t: TestContext, found: readonly string[]): void {
  const wrong = CASES.flatMap(({ family, variant, expected }, index) =>
    found[index] === expected
      ? []
      : [{ what: family.what, variant: variant.slice(0, 200), expected, found: found[index] }],
  )
  const taken = found.filter((outcome) => outcome.includes(':')).length
  t.diagnostic(
    `H6: ${found.length} conversations, ${taken} with something dispatched, ${found.length - taken} ` +
      `refused whole; ${wrong.length} read otherwise than by the table. Target: at least ${LEAST}, and 0`,
  )
  assert.deepEqual(wrong, [])
}

describe('a corpus of requests that two readers could understand differently', () => {
  test(`is at least ${LEAST} different ones`, () => {
    const all = new Set(CASES.map(({ family, variant }) => JSON.stringify(family.make(variant))))
    assert.ok(all.size >= LEAST, String(all.size))
    // Nothing that was hidden in another request is ever an answer of the table.
    assert.ok(CASES.every(({ expected }) => !expected.includes('smuggled')))
  })

  test('is read as the table says, and in step', async (t) => {
    const { listener, notes } = await noting(t, undefined)
    const { port } = listener.address
    report(t, await outcomes(() => connect({ port, host: '127.0.0.1', noDelay: true }), notes))
  })

  test('is read in the same way over TLS', async (t) => {
    const tls = selfSigned()
    const { listener, notes } = await noting(t, tls)
    const { port } = listener.address
    const open = (): Socket => connectTls({ port, ca: tls.cert, servername: 'localhost' })
    report(t, await outcomes(open, notes))
  })
})

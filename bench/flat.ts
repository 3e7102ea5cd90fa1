import type { Caller } from './caller.ts'
import type { MeasuredProcess } from './measured-process.ts'
import type { Plan } from './plan.ts'
import type { Figure } from './report.ts'
import { type Measured, measure } from './requests.ts'

/** As many are made at once. */
const AT_ONCE = 16

/** A read of KV 2 beside many mounts, and with a token of many policies: it is to cost what it did before. */
export async function measureFlatness(
  plan: Plan,
  server: MeasuredProcess,
  caller: Caller,
): Promise<readonly Figure[]> {
  const few = await token(caller, ['bench-0'])
  const names = Array.from({ length: plan.mounts }, (_, index) => `bench-${index}`)
  await policy(caller, 'bench-0')
  const read = (clientToken: string): Promise<Measured> =>
    measure(plan, server, {
      method: 'GET',
      paths: ['/v1/kv2/data/bench-0'],
      body: '',
      headers: { 'X-Vault-Token': clientToken },
    })
  await read(few)
  const before = await read(few)
  await each(names, (name) => caller.call('POST', `/v1/sys/mounts/${name}`, { type: 'kv' }))
  const withMounts = await read(few)
  await each(names, (name) => policy(caller, name))
  const withPolicies = await read(few)
  const many = await token(caller, names)
  await read(many)
  const ofPolicies = await read(many)
  return [
    ...beside(`KV 2 read beside ${plan.mounts} mounts`, { few: [before], many: [withMounts] }),
    ...beside(`KV 2 read beside ${plan.mounts} policies`, { few: [before], many: [withPolicies] }),
    ...beside(`KV 2 read with a token of ${plan.mounts} policies`, { few: [before], many: [ofPolicies] }),
  ]
}

interface Compared {
  readonly few: readonly Measured[]
  readonly many: readonly Measured[]
  /** What there was few of. */
  readonly limit?: string
}

/** Requests a second, and what one costs the server, which tells more where others are at work. */
export function beside(name: string, { few, many, limit = 'one of each' }: Compared): readonly Figure[] {
  const of = (key: keyof Measured) => ({
    values: many.map((one) => one[key]),
    limit: { name: limit, values: few.map((one) => one[key]) },
  })
  return [
    { name, unit: 'requests/s', ...of('rate') },
    { name: `${name}, CPU`, unit: 'us/request', ...of('cpuMicros') },
  ]
}

async function policy(caller: Caller, name: string): Promise<void> {
  const rule = (path: string): string => `path "${path}" { capabilities = ["read"] }`
  const rules = `${rule('kv2/data/bench-0')}\n${rule(`${name}/*`)}`
  await caller.call('PUT', `/v1/sys/policies/acl/${name}`, { policy: rules })
}

/** By a role, since a body holds fewer names than that. */
async function token(caller: Caller, policies: readonly string[]): Promise<string> {
  await caller.call('POST', '/v1/auth/token/roles/bench', { allowed_policies: policies.join(',') })
  const answer = await caller.call('POST', '/v1/auth/token/create/bench', {})
  return answer.auth.client_token
}

async function each(names: readonly string[], make: (name: string) => Promise<unknown>): Promise<void> {
  const queue = [...names]
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) await make(name)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

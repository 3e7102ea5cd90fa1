import { type Caller, timed } from './caller.ts'
import type { Plan } from './plan.ts'
import { type Figure, median } from './report.ts'

const SHARES = 5
const THRESHOLD = 3
const AIM = { of: 'value', is: 'at most', bound: 8 } as const

/** Unseal and direct rekey, 3 of 5, beside as many requests that do nothing, over one connection. */
export async function measureCeremonies(
  plan: Plan,
  caller: Caller,
  first: readonly string[],
): Promise<readonly Figure[]> {
  let keys = first
  const unseals: number[] = []
  const rekeys: number[] = []
  const three: number[] = []
  const four: number[] = []
  for (let run = 0; run < plan.runs; run++) {
    const times = { unseal: [] as number[], rekey: [] as number[], nothing: [] as number[] }
    for (let event = 0; event < plan.events; event++) {
      times.rekey.push(
        await timed(async () => {
          keys = await rekey(caller, keys)
        }),
      )
      await caller.call('PUT', '/v1/sys/seal')
      times.unseal.push(await timed(() => caller.unseal(keys, THRESHOLD)))
      times.nothing.push(await timed(() => caller.raw('GET', '/v1/sys/health')))
    }
    unseals.push(median(times.unseal))
    rekeys.push(median(times.rekey))
    three.push(3 * median(times.nothing))
    four.push(4 * median(times.nothing))
  }
  const unit = 'ms'
  return [
    {
      ...{ name: 'unseal, 3 of 5', unit, values: unseals, aim: AIM },
      limit: { name: 'three requests that do nothing', values: three },
    },
    {
      ...{ name: 'rekey, 3 of 5', unit, values: rekeys, aim: AIM },
      limit: { name: 'four requests that do nothing', values: four },
    },
  ]
}

async function rekey(caller: Caller, keys: readonly string[]): Promise<readonly string[]> {
  await caller.call('PUT', '/sys/rekey/init', { secret_shares: SHARES, secret_threshold: THRESHOLD })
  let answer = null
  for (const key of keys.slice(0, THRESHOLD)) answer = await caller.call('PUT', '/sys/rekey/update', { key })
  return answer.keys
}

import { COUNT_PAGE, MAX_COUNTED } from '../base/limits.ts'
import { DUE, IRREVOCABLE } from './places.ts'
import type { LeaseStore } from './store.ts'

/** How many leases there are, up to `MAX_COUNTED`, and how many of them were given up. */
export interface LeaseCounts {
  readonly all: number
  readonly irrevocable: number
}

/** By indexes in which each lease stands once. One that is being ended may count for a moment longer. */
export async function countLeases(store: LeaseStore): Promise<LeaseCounts> {
  return { all: await countIn(store, DUE), irrevocable: await countIn(store, IRREVOCABLE) }
}

async function countIn(store: LeaseStore, folder: string): Promise<number> {
  let count = 0
  for (let after = ''; count < MAX_COUNTED; ) {
    const names = await store.page(folder, { after, limit: COUNT_PAGE })
    count += names.length
    const last = names.at(-1)
    if (last === undefined || names.length < COUNT_PAGE) break
    after = last
  }
  return count
}

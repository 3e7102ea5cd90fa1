import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { DecodedView } from '../barrier/decoded-view.ts'
import { BATCH_TOKEN_PATH } from '../barrier/paths.ts'
import { BarrierView } from '../barrier/view.ts'
import type { Clock, UnixMillis } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import type { ErrorDetail } from '../base/errors.ts'
import type { Meter } from '../base/meter.ts'
import type { Primitives } from '../crypto/primitives.ts'
import { keptKeys } from '../engines/cubbyhole/cubbyhole.ts'
import type { MountEntry } from '../router/mount-table.ts'
import { decodeTokenEntry } from '../token/entry.ts'
import { DUE, endOf } from '../token/places.ts'
import { TokenStore } from '../token/store.ts'
import { cubbyholeId } from './callers.ts'
import type { MountStorage } from './mount-storage.ts'

/** Where the tokens of a store stand. */
const TOKEN_PREFIX = 'sys/token/'

export interface TokenRoomPorts {
  readonly barrier: Barrier
  readonly storage: MountStorage
  /** As they are now. */
  readonly mounts: () => readonly MountEntry[]
  readonly primitives: Primitives
  readonly entropy: Entropy
  readonly clock: Clock
  readonly meter: Meter
  readonly log: { warn(event: string, facts?: ErrorDetail): void }
  /** What ends with a token besides what it kept: whole keys. */
  readonly besides: (tokenKey: string) => Promise<readonly PlainWrite[]>
  /** Something is due at this time, once a commit has been made. */
  readonly wake: (time: UnixMillis) => void
}

/** The tokens of an open store. */
export function openTokens(ports: TokenRoomPorts): Promise<TokenStore> {
  const { barrier } = ports
  return TokenStore.open({
    ...ports,
    storage: tokenView(barrier),
    entries: new DecodedView(barrier, TOKEN_PREFIX, decodeTokenEntry),
    commitWith: async (own, others) => {
      await barrier.commit([...belowTokens(own), ...others])
      // A token that was ended takes its leases along at once.
      if (others.length > 0) ports.wake(ports.clock.now())
      for (const { op, key } of own) if (op === 'put' && key.startsWith(DUE)) ports.wake(dueIn(key))
    },
    alongside: async function* (tokenKey) {
      yield* keptBeside(ports, tokenKey)
      yield* await ports.besides(tokenKey)
    },
    sealing: {
      seal: (plaintext) => barrier.seal(BATCH_TOKEN_PATH, plaintext),
      open: (sealed) => barrier.open(BATCH_TOKEN_PATH, sealed),
    },
  })
}

function dueIn(key: string): UnixMillis {
  return endOf(key.slice(DUE.length).split('/')[0] ?? '')
}

export function tokenView(barrier: Barrier): BarrierView {
  return new BarrierView(barrier, TOKEN_PREFIX)
}

/** Writes of the token room with whole keys, for a commit that somebody else makes. */
export function belowTokens(writes: readonly PlainWrite[]): readonly PlainWrite[] {
  return writes.map((write) => ({ ...write, key: TOKEN_PREFIX + write.key }))
}

/** What a token kept, so that it goes before it or with it: it is never gone while that is still there. */
async function* keptBeside(ports: TokenRoomPorts, tokenKey: string): AsyncGenerator<PlainWrite> {
  const owner = cubbyholeId(ports.primitives, tokenKey)
  for (const entry of ports.mounts().filter((one) => one.type === 'cubbyhole')) {
    for await (const key of keptKeys(ports.storage.viewOf(entry), owner)) {
      yield { op: 'delete', key: `logical/${entry.uuid}/${key}` }
    }
  }
}

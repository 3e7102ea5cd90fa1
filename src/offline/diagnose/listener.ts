import { type Finding, failure, ok, warning } from './finding.ts'
import type { Holder } from './store-files.ts'

/** What is found at an address that a listener is to have. */
export type AddressReading =
  | { readonly state: 'free' }
  /** The system does not let anybody listen there: its name for the reason. */
  | { readonly state: 'refused'; readonly code: string }
  /** Somebody listens; `server` is what it says of itself, `null` where it is none of ours. */
  | { readonly state: 'taken'; readonly server: ServerFacts | null }

export interface ServerFacts {
  /** Lower-case hex; empty for a server whose store is not initialised. */
  readonly storeId: string
  /** `empty`, `never opened`, `sealed` or `open`. */
  readonly state: string
  /** Why its store takes no write (docs/errors.md), or empty. */
  readonly storageTrouble: string
}

export interface ListenerSubject {
  /** How its findings are called. */
  readonly check: string
  /** For people, for example `127.0.0.1:8200`, or the path of a socket. */
  readonly address: string
  /** 0 where the system chooses one; `null` for a socket. */
  readonly port: number | null
}

export interface StoreAtListener {
  readonly holder: Holder
  /** As a server says it; empty for a store that is not initialised, `null` for one in memory. */
  readonly id: string | null
}

/** Whether the address is free for a server that is to start, or held by the one that runs on this store. */
export function judgeListener(
  { check, address, port }: ListenerSubject,
  reading: AddressReading,
  store: StoreAtListener,
): Finding {
  if (port === 0) return ok(check, `${address}: the system chooses a port at the start`)
  switch (reading.state) {
    case 'free':
      return store.holder.held ? unheard(check, address) : ok(check, `${address} is free`)
    case 'refused':
      return failure(
        check,
        `nobody may listen at ${address} (${reading.code})`,
        REFUSALS[reading.code] ?? null,
      )
    case 'taken':
      return reading.server === null
        ? failure(check, `another program listens at ${address}`, 'stop it, or choose another address')
        : judgeServer({ check, address, server: reading.server }, store)
  }
}

const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'ports below 1024 need a right of their own: choose another port, or give CAP_NET_BIND_SERVICE',
  ENOTDIR: 'the folder of the socket is no folder: choose another path',
  EADDRNOTAVAIL: 'this machine does not have that address: choose one that it has',
  ENOTFOUND: 'the name has no address here: check it',
}

function unheard(check: string, address: string): Finding {
  const says = `a server has this store, but nobody listens at ${address}`
  return warning(check, says, 'it is starting, or it was told another address: look at its flags and files')
}

function judgeServer(
  { check, address, server }: { check: string; address: string; server: ServerFacts },
  { holder, id }: StoreAtListener,
): Finding {
  // First: where its files were taken away, what is left of them may say that they are another store's.
  if (server.storageTrouble !== '' && (holder.held || server.storeId === id)) {
    const next = 'see "When storage is in trouble" in docs/operating.md'
    return failure(check, `the server of this store answers at ${address}: ${server.storageTrouble}`, next)
  }
  if (id !== null && server.storeId !== id) {
    const says = `a server of another store listens at ${address}`
    return failure(check, says, 'stop it, or choose another address')
  }
  if (id !== null && !holder.held) {
    const says = `a server answers at ${address} that has another copy of this store, or had it moved`
    return failure(check, says, 'stop it, or name the folder that it was started on')
  }
  return ok(check, `the server of this store answers at ${address}: ${server.state}`)
}

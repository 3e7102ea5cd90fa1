import { type Finding, failure, ok, warning } from './finding.ts'
import type { Holder } from './store-files.ts'

/** What is found at an address that a listener is to have. */
export type AddressReading =
  | { readonly state: 'free' }
  /** The system does not let anybody listen there: its name for the reason. */
  | { readonly state: 'refused'; readonly code: string }
  | { readonly state: 'taken'; readonly by: Listening }

/** Who listens at an address, as far as whoever connects without a token or a certificate is told. */
export type Listening =
  /** A server of ours; `server` is what it says of itself. */
  | { readonly who: 'ours'; readonly server: ServerFacts }
  /** Nobody who could be told from a server of this store. */
  | { readonly who: 'unclear'; readonly why: Reserve }
  /** It answers as no server of ours would. */
  | { readonly who: 'another' }

/** Why a server says nothing of itself. */
export type Reserve = 'asks for a client certificate' | 'serves only metrics' | 'does not answer' | 'refuses'

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
  /** What a server that is configured so says of itself to a stranger; `null` for all of it. */
  readonly reserve: Reserve | null
}

export interface StoreAtListener {
  readonly holder: Holder
  /** As a server says it; empty for a store that is not initialised, `null` for one in memory. */
  readonly id: string | null
}

/** Whether the address is free for a server that is to start, or held by the one that runs on this store. */
export function judgeListener(
  { check, address, port, reserve }: ListenerSubject,
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
      return judgeListening({ check, address, reserve }, reading.by, store)
  }
}

type Place = Pick<ListenerSubject, 'check' | 'address' | 'reserve'>

function judgeListening(place: Place, by: Listening, store: StoreAtListener): Finding {
  switch (by.who) {
    case 'ours':
      return judgeServer({ ...place, server: by.server }, store)
    case 'unclear':
      return judgeReserve(place, by.why, store.holder)
    case 'another': {
      const { check, address } = place
      if (!store.holder.held) {
        return failure(check, `another program listens at ${address}`, 'stop it, or choose another address')
      }
      // Its own server, told of another address or of TLS since, may be the one that is asked wrongly here.
      const says = `what listens at ${address} answers as no server does, ${heldBy(store.holder)}`
      return warning(check, says, `${WHO}  and compare its flags and files with these`)
    }
  }
}

/** A stranger is told nothing there: who has the store is all that is known. */
function judgeReserve({ check, address, reserve }: Place, why: Reserve, holder: Holder): Finding {
  const says = `what listens at ${address} ${why}`
  if (!holder.held)
    return warning(check, `${says}; nobody has this store`, `${WHO}  as it may be a server of ours`)
  if (why === reserve) return ok(check, `${says}, as it is to, ${heldBy(holder)}`)
  if (why !== 'does not answer') return warning(check, `${says}, ${heldBy(holder)}`, WHO)
  const pid = holder.pid ?? 'PID'
  const next = `look whether it is busy or stopped:  ps -o stat,pcpu -p ${pid}  (T: kill -CONT ${pid})`
  return warning(check, `${says}, ${heldBy(holder)}`, next)
}

const WHO = 'look who it is before you stop anything:  ss -ltnxp'

function heldBy(holder: Extract<Holder, { readonly held: true }>): string {
  return `and ${holder.pid === null ? 'a process' : `process ${holder.pid}`} serves this store`
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
  { check, address, server }: Place & { readonly server: ServerFacts },
  { holder, id }: StoreAtListener,
): Finding {
  const { storageTrouble: trouble } = server
  // First: where its files were taken away, what is left of them may say that they are another store's.
  if (trouble !== '') {
    const isKnown = holder.held || server.storeId === id
    const who = isKnown
      ? 'the server of this store'
      : 'a server whose store is not in this folder, or no longer,'
    return failure(check, `${who} answers at ${address}: ${trouble}`, isKnown ? SEE : READ_OUT)
  }
  if (id === '' && server.storeId !== '' && !holder.held) {
    const says = `a server answers at ${address} whose store is not in this folder`
    return warning(check, says, `choose another address; but if a store was here, ${READ_OUT}`)
  }
  if (id !== null && server.storeId !== id) {
    const says = `a server of another store listens at ${address}`
    return failure(check, says, 'choose another address, or look what it serves before you stop it')
  }
  if (id !== null && !holder.held) {
    const says = `a server answers at ${address} that has another copy of this store, or had it moved`
    return failure(check, says, 'name the folder that it was started on; stop it only where it is not to run')
  }
  return ok(check, `the server of this store answers at ${address}: ${server.state}`)
}

const SEE = 'see "When storage is in trouble" in docs/operating.md'
const READ_OUT = `leave it running, and read out what you can: ${SEE}`

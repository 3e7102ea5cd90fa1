import { type Finding, failure } from './finding.ts'
import { type AddressReading, judgeListener, type ListenerSubject, type StoreAtListener } from './listener.ts'
import type { Machine, NetworkPlace, SocketPlace, TlsTerms } from './machine.ts'
import { judgeTls, type TlsSubject } from './tls.ts'

export interface SubjectListener extends ListenerSubject {
  /** `null` without TLS, and where the first start is yet to make the certificate. */
  readonly tls: (TlsSubject & TlsTerms) | null
  readonly place: NetworkPlace | SocketPlace
  /** Looks who listens at its address. */
  look(): Promise<AddressReading>
}

/** Whether each listener can have its place and what it shows, and all of them at once. */
export async function lookAtListeners(
  listeners: readonly SubjectListener[],
  machine: Machine,
  store: StoreAtListener,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const free: NetworkPlace[] = []
  for (const [index, listener] of listeners.entries()) {
    const { check, address, port, place, tls } = listener
    const twin = listeners.slice(0, index).find((one) => port !== 0 && one.address === address)
    const fault = 'path' in place ? machine.start.socket(place) : null
    if (twin !== undefined) {
      findings.push(
        failure(check, `${address} is the place of ${twin.check} already`, 'choose another address'),
      )
    } else if (fault !== null) findings.push(failure(check, fault, null))
    else {
      const reading: AddressReading = port === 0 ? { state: 'free' } : await listener.look()
      findings.push(judgeListener(listener, reading, store))
      if (reading.state === 'free' && 'host' in place) free.push(place)
    }
    if (tls !== null) findings.push(...lookAtTls(tls, machine))
  }
  // Addresses that are written differently may be one: 0.0.0.0 is at every address.
  const together = free.length < 2 ? null : await machine.start.addresses(free)
  return together === null ? findings : [...findings, failure('listeners', together, null)]
}

/** What is wrong by itself is told better than the server does, which has the last word. */
function lookAtTls(tls: TlsSubject & TlsTerms, { certificates, clock, start }: Machine): readonly Finding[] {
  const findings = judgeTls(tls, certificates, clock.now())
  if (findings.some(({ status }) => status === 'failure')) return findings
  const fault = start.tls(tls)
  return fault === null ? findings : [failure(tls.check, fault, null)]
}

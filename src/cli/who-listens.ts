import { ConclaveClient } from '../client/conclave-client.ts'
import { ApiError, TransportError } from '../client/errors.ts'
import type { ListenProbe } from '../client/listen-probe.ts'
import type { AddressReading, Listening } from '../offline/diagnose/listener.ts'

const ASK_TIMEOUT_MS = 3000
/** Surface.md section 13.3: what a listener with `metrics_only` answers on every other path. */
const ONLY_METRICS = /only serves the metrics endpoint/

/** What is found at an address, from the probe of it and from whoever answers there. */
export async function readAddress(probe: ListenProbe, address: string): Promise<AddressReading> {
  if (probe === 'free') return { state: 'free' }
  if (probe !== 'taken') return { state: 'refused', code: probe.refused }
  return { state: 'taken', by: await askWho(address) }
}

/** What a server at the address says of itself, without a token and without a certificate. */
async function askWho(address: string): Promise<Listening> {
  // Nothing is sent that anybody could misuse, and the certificate is judged by itself.
  const client = new ConclaveClient({ address, tls: { skipVerify: true }, timeoutMs: ASK_TIMEOUT_MS })
  try {
    const { storeId, state } = await client.custodyStatus()
    const { storageTrouble } = await client.health()
    return state === '' ? { who: 'another' } : { who: 'ours', server: { storeId, state, storageTrouble } }
  } catch (error) {
    if (error instanceof ApiError) return refusing(error)
    if (error instanceof TransportError) return silent(error)
    throw error
  } finally {
    client.close()
  }
}

function refusing({ errors, code }: ApiError): Listening {
  if (errors.some((text) => ONLY_METRICS.test(text))) return { who: 'unclear', why: 'serves only metrics' }
  // Only servers of ours give their refusals a name (docs/errors.md).
  return code === null ? { who: 'another' } : { who: 'unclear', why: 'refuses' }
}

function silent(error: TransportError): Listening {
  switch (error.code) {
    case 'certificate_wanted':
      return { who: 'unclear', why: 'asks for a client certificate' }
    // A listener that is full, or stops, breaks the connection.
    case 'timed_out':
    case 'connection_failed':
    case 'connection_lost':
      return { who: 'unclear', why: 'does not answer' }
    default:
      return { who: 'another' }
  }
}

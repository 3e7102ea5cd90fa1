import { assert } from '../base/assert.ts'
import { isLoopback, parseHostName } from '../config/address.ts'
import type { TcpListenerConfig } from '../config/config.ts'
import type { CertificateFacts } from '../crypto/node/x509.ts'

/** What this machine is called on the network. */
export interface MachineNames {
  readonly hostname: string
  /** Of its interfaces, loopback included. */
  readonly addresses: readonly string[]
}

/** Under what a listener may be called. */
export interface CertificateNames {
  /** Names of hosts, in lower case. */
  readonly names: readonly string[]
  /** IP addresses. */
  readonly addresses: readonly string[]
}

const LOOPBACK = ['127.0.0.1', '::1']
const EVERY_ADDRESS = ['0.0.0.0', '::']

/** The names and addresses that a certificate for a listener has to be good for. */
export function certificateNames(
  listener: Pick<TcpListenerConfig, 'host' | 'serverNames'>,
  machine: MachineNames,
): CertificateNames {
  const { names, addresses } = configuredNames(listener)
  if (addresses.length > 0 || isLoopback(listener.host)) {
    return { names: unique(['localhost', ...names]), addresses: unique([...addresses, ...LOOPBACK]) }
  }
  const hostname = parseHostName(machine.hostname)
  // An address of one interface alone (fe80::1%eth0) means nothing to another machine.
  const reachable = EVERY_ADDRESS.includes(listener.host)
    ? machine.addresses.filter((address) => !address.includes('%') && !address.startsWith('fe80:'))
    : []
  return {
    names: unique(['localhost', ...(hostname === null ? [] : [hostname]), ...names]),
    addresses: unique([...LOOPBACK, ...reachable]),
  }
}

/**
 * Whether a certificate is still good for what the configuration names. Addresses that the machine has
 * besides may come and go: the certificate that clients know stays.
 */
export function coversConfigured(
  facts: CertificateFacts,
  listener: Pick<TcpListenerConfig, 'host' | 'serverNames'>,
): boolean {
  const { names, addresses } = configuredNames(listener)
  return names.every((name) => facts.coversName(name)) && addresses.every((one) => facts.coversAddress(one))
}

function configuredNames({
  host,
  serverNames,
}: Pick<TcpListenerConfig, 'host' | 'serverNames'>): CertificateNames {
  if (EVERY_ADDRESS.includes(host)) return { names: serverNames, addresses: [] }
  if (isAddress(host)) return { names: serverNames, addresses: [host] }
  const name = parseHostName(host)
  return { names: name === null ? serverNames : unique([...serverNames, name]), addresses: [] }
}

/** The 4 or 16 bytes of an IP address. */
export function addressBytes(text: string): Uint8Array {
  assert(isAddress(text), 'no IP address')
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number)
  // In the one spelling that URLs have: groups in hex, the longest run of zeros as `::`.
  const [before = '', after] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [head, tail] = [groups(before), groups(after ?? '')]
  const zeros = new Array<number>(8 - head.length - tail.length).fill(0)
  return Uint8Array.from([...head, ...zeros, ...tail].flatMap((group) => [group >> 8, group & 0xff]))
}

/** No name of a host has a colon, or four numbers. */
function isAddress(text: string): boolean {
  if (text.includes(':')) return URL.canParse(`http://[${text}]`)
  return /^(?:\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255)
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}

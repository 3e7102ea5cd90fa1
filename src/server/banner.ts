import type { SealStatus } from '../ceremony/custodian.ts'
import { isLoopback } from '../config/address.ts'
import type { ServerConfig } from '../config/config.ts'
import { isExposed } from './exposure.ts'
import type { ShownCertificate } from './listeners.ts'

const DEFAULT_URL = 'http://127.0.0.1:8200'

export interface BannerState {
  readonly status: SealStatus
  readonly addresses: readonly string[]
  readonly version: string
  /** How this program is typed: `conclave`, or `bin/conclave` in a checkout. */
  readonly program: string
  /** Whether it has opened itself, so that there is nothing to type next. */
  readonly isDev: boolean
  readonly selfSigned: ShownCertificate | null
}

/** What a server says when it has started: where it is, in what state, and what to type next. */
export function banner(config: ServerConfig, state: BannerState): string {
  const { storage } = config
  const rows = [
    ['Version', state.version],
    [
      'Storage',
      storage.type === 'sqlite' ? `sqlite in ${storage.folder}` : 'inmem: everything is lost at the end',
    ],
    ...state.addresses.map(
      (one, index) => [`Listener ${index + 1}`, `${one}${access(config, index)}`] as const,
    ),
    ...certificateRows(state.selfSigned),
    ['State', stateWords(state.status)],
  ]
  const width = Math.max(...rows.map(([name]) => name?.length ?? 0))
  const table = rows.map(([name, value]) => `  ${(name ?? '').padStart(width)}: ${value}`)
  const typed = state.isDev ? [''] : [...next(config, state), '']
  return ['==> Conclave server started!', '', ...table, '', ...warnings(config, state), ...typed].join('\n')
}

function warnings(config: ServerConfig, { addresses }: BannerState): string[] {
  return config.listeners.flatMap((listener, index) => {
    if (!isExposed(listener)) return []
    const which = `Listener ${index + 1}, ${addresses[index] ?? ''},`
    return [
      `WARNING! ${which} speaks plain HTTP beyond this machine:`,
      'whoever is on the way reads every share, token and secret. Give it tls_cert_file and tls_key_file,',
      'or -tls-self-signed, or the address 127.0.0.1.',
      '',
    ]
  })
}

function access(config: ServerConfig, index: number): string {
  const listener = config.listeners[index]
  if (listener === undefined) return ''
  const isLocal = listener.type === 'unix' || (listener.tls === null && isLoopback(listener.host))
  const { ceremonyAccess, metrics } = listener
  const served = metrics.onlyAt === null ? `ceremonies ${ceremonyAccess}` : 'metrics only'
  return ` (${served}${isLocal ? ', this machine only' : ''})`
}

function certificateRows(shown: ShownCertificate | null): readonly (readonly [string, string])[] {
  if (shown === null) return []
  const where = shown.certFile ?? 'in memory: another one at the next start'
  const age = shown.isNew && shown.certFile !== null ? ', new: clients do not know it yet' : ''
  return [
    ['Certificate', `self-signed, ${where}${age}`],
    ['SHA-256', shown.fingerprint],
  ]
}

function stateWords(status: SealStatus): string {
  if (status.phase === 'empty') return 'not initialised: nobody holds a key yet'
  if (status.phase === 'open') return 'open'
  return `sealed: any ${status.threshold} of ${status.shares} shares open it`
}

function next(
  config: ServerConfig,
  { status, program, addresses, selfSigned }: BannerState,
): readonly string[] {
  // Of several the one that a certificate of our own is for: what it takes to reach it is told with it.
  const serving = config.listeners.map(({ type, metrics }) => (metrics.onlyAt === null ? type : null))
  const index = serving.findIndex((type) => (selfSigned === null ? type !== null : type === 'tcp'))
  // Everywhere is nowhere that a client can connect to.
  const address = (addresses[index] ?? '').replace(/\/\/(?:0\.0\.0\.0|\[::\]):/, '//localhost:')
  const lines = [
    ...(address === DEFAULT_URL ? [] : [`export CONCLAVE_ADDR=${address}`]),
    ...(selfSigned === null ? [] : [trustLine(selfSigned)]),
    ...(status.phase === 'empty'
      ? [`${program} operator init      deals 5 shares, of which any 3 open`]
      : []),
    `${program} operator unseal    asks for one share; as many times as it takes`,
    `${program} status`,
  ]
  return ['Next, in another terminal:', ...lines.map((line) => `  ${line}`)]
}

function trustLine({ certFile }: ShownCertificate): string {
  if (certFile === null)
    return 'export CONCLAVE_SKIP_VERIFY=true   # for an afternoon: only a store keeps its certificate'
  return `export CONCLAVE_CACERT=${certFile}   # elsewhere: a copy of it`
}

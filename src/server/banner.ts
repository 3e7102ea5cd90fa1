import type { SealStatus } from '../ceremony/custodian.ts'
import { isLoopback } from '../config/address.ts'
import type { ServerConfig } from '../config/config.ts'
import { isExposed } from './exposure.ts'

/** What a server says when it has started: where it is, in what state, and what to type next. */
export function banner(
  config: ServerConfig,
  state: {
    readonly status: SealStatus
    readonly addresses: readonly string[]
    readonly version: string
    /** How this program is typed: `conclave`, or `bin/conclave` in a checkout. */
    readonly program: string
    /** Whether it has opened itself, so that there is nothing to type next. */
    readonly isDev: boolean
  },
): string {
  const address = state.addresses[0] ?? ''
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
    ['State', stateWords(state.status)],
  ]
  const width = Math.max(...rows.map(([name]) => name?.length ?? 0))
  const table = rows.map(([name, value]) => `  ${(name ?? '').padStart(width)}: ${value}`)
  const typed = state.isDev ? [''] : [...next(state, address), '']
  return ['==> Conclave server started!', '', ...table, '', ...warnings(config, state), ...typed].join('\n')
}

function warnings(config: ServerConfig, { addresses }: { readonly addresses: readonly string[] }): string[] {
  return config.listeners.flatMap((listener, index) => {
    if (!isExposed(listener)) return []
    const which = `Listener ${index + 1}, ${addresses[index] ?? ''},`
    return [
      `WARNING! ${which} speaks plain HTTP beyond this machine:`,
      'whoever is on the way reads every share, token and secret. Give it tls_cert_file and tls_key_file,',
      'or the address 127.0.0.1.',
      '',
    ]
  })
}

function access(config: ServerConfig, index: number): string {
  const listener = config.listeners[index]
  if (listener === undefined) return ''
  const reach = listener.tls === null && isLoopback(listener.host) ? ', this machine only' : ''
  return ` (ceremonies ${listener.ceremonyAccess}${reach})`
}

function stateWords(status: SealStatus): string {
  if (status.phase === 'empty') return 'not initialised: nobody holds a key yet'
  if (status.phase === 'open') return 'open'
  return `sealed: any ${status.threshold} of ${status.shares} shares open it`
}

function next(
  { status, program }: { readonly status: SealStatus; readonly program: string },
  address: string,
): readonly string[] {
  const elsewhere = address !== 'http://127.0.0.1:8200'
  const lines = [
    ...(elsewhere ? [`export CONCLAVE_ADDR=${address}`] : []),
    ...(status.phase === 'empty'
      ? [`${program} operator init      deals 5 shares, of which any 3 open`]
      : []),
    `${program} operator unseal    asks for one share; as many times as it takes`,
    `${program} status`,
  ]
  return ['Next, in another terminal:', ...lines.map((line) => `  ${line}`)]
}

import { OperatingError } from '../base/errors.ts'

/** How Node.js was told to run this program. */
export interface RuntimeFlags {
  /** What stood before the program's own arguments. */
  readonly execArgv: readonly string[]
  /** `NODE_OPTIONS` */
  readonly nodeOptions: string
  /** `NODE_DEBUG` */
  readonly nodeDebug: string
  /** Those of `OPENSSL_VARIABLES` that are set to something. */
  readonly openSsl: readonly string[]
  readonly inspectorIsOpen: boolean
}

/**
 * By which OpenSSL is told where its configuration and its modules are: a provider or an engine is a library
 * that it loads into this process (openssl-env(7)).
 */
export const OPENSSL_VARIABLES: readonly string[] = [
  ...['OPENSSL_CONF', 'OPENSSL_CONF_INCLUDE', 'OPENSSL_MODULES', 'OPENSSL_ENGINES'],
]

/** What a flag does to a server that holds keys; the names are those of `node --help`. */
const REFUSED: readonly (readonly [does: string, ...names: string[]])[] = [
  [
    'opens the inspector, through which memory can be read',
    ...['--inspect', '--inspect-brk', '--inspect-wait'],
  ],
  [
    'runs code of others in this process',
    ...['-r', '--require', '--import', '--loader', '--experimental-loader'],
    ...['--experimental-config-file', '--experimental-default-config-file'],
  ],
  [
    'has OpenSSL load other code into this process',
    ...['--openssl-config', '--openssl-shared-config', '--openssl-legacy-provider'],
    ...['--enable-fips', '--force-fips'],
  ],
  [
    'writes memory to a file',
    ...['--heapsnapshot-signal', '--heapsnapshot-near-heap-limit', '--heap-prof'],
    ...['--report-on-signal', '--report-uncaught-exception', '--report-on-fatalerror'],
    ...['--abort-on-uncaught-exception'],
  ],
  ['writes the keys of TLS connections down', '--tls-keylog', '--trace-tls'],
  ['takes back fixes of Node.js', '--insecure-http-parser', '--security-revert'],
]
const DOES: ReadonlyMap<string, string> = new Map(
  REFUSED.flatMap(([does, ...names]) => names.map((name): [string, string] => [name, does])),
)

/**
 * Refuses a process that somebody could look into, or whose memory would be written to a file. Throws
 * `config_invalid` with what to leave away.
 */
export function refuseRuntimeFlags(flags: RuntimeFlags): void {
  const given = [
    ...flags.execArgv.map((word) => ({ word, where: 'Node.js was started with' })),
    ...words(flags.nodeOptions).map((word) => ({ word, where: 'NODE_OPTIONS has' })),
  ]
  for (const { word, where } of given) {
    const name = nameOf(word)
    const does = DOES.get(name)
    if (does !== undefined) throw refused(`${where} ${name}, which ${does}. Leave it away`)
  }
  if (flags.nodeDebug !== '') {
    throw refused('NODE_DEBUG is set, which writes what requests carry to the log. Unset it')
  }
  const [variable] = flags.openSsl
  if (variable !== undefined) {
    throw refused(`${variable} is set, by which OpenSSL loads other code into this process. Unset it`)
  }
  if (flags.inspectorIsOpen) {
    throw refused('the inspector of Node.js is open, through which memory can be read. Start anew without it')
  }
}

/** Without its value; Node.js takes `_` for `-` in a name. */
function nameOf(word: string): string {
  const name = word.split('=')[0] ?? ''
  return name.startsWith('--') ? name.replaceAll('_', '-') : name
}

/** As Node.js takes `NODE_OPTIONS` apart: at blanks, but not between double quotes. */
function words(text: string): readonly string[] {
  return (text.match(/(?:[^\s"]|"(?:\\.|[^"\\])*"?)+/g) ?? []).map((word) => word.replaceAll('"', ''))
}

function refused(sentence: string): OperatingError {
  return new OperatingError('config_invalid', `${sentence}; -dev takes it`)
}

import { LOG_FORMATS, LOG_LEVELS } from '../config/config.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { UsageError } from './failure.ts'
import type { FlagValues } from './flags.ts'
import type { DevServerFlags, ServerFlags } from './io.ts'

/** `conclave server`: runs a server until it is told to stop. */
export const command: CommandSpec = {
  name: 'server',
  summary: 'Runs a server. Without flags: in the folder ./data, on 127.0.0.1:8200.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'a real server on this machine, which says what to do next', types: 'server' },
    { does: 'another folder and port', types: 'server -data=/srv/conclave -address=127.0.0.1:8300' },
    {
      does: 'for other machines, with TLS',
      types: 'server -address=0.0.0.0:8200 -tls-self-signed',
    },
    { does: 'from files in HCL or JSON', types: 'server -config=/etc/conclave.d' },
    { does: 'for an afternoon: in memory, open, with a root token', types: 'server -dev' },
  ],
  flags: [
    {
      name: 'config',
      kind: 'list',
      value: 'PATH',
      help: 'file or folder of settings, HCL or JSON; repeatable',
    },
    { name: 'address', kind: 'text', value: 'HOST:PORT', help: 'where to listen (127.0.0.1:8200)' },
    { name: 'data', kind: 'text', value: 'FOLDER', help: 'where the store is kept (./data)' },
    {
      name: 'tls-self-signed',
      kind: 'switch',
      help: 'TLS with a certificate of its own making; prints its fingerprint',
    },
    {
      name: 'log-level',
      kind: 'text',
      value: 'LEVEL',
      choices: LOG_LEVELS,
      help: 'trace, debug, info, warn or error (info)',
    },
    {
      name: 'log-format',
      kind: 'text',
      value: 'FORMAT',
      choices: LOG_FORMATS,
      help: 'standard or json (standard)',
    },
    {
      name: 'dev',
      kind: 'switch',
      help: 'for development: in memory, initialised and open; prints its keys',
    },
    { name: 'dev-root-token-id', kind: 'text', value: 'TOKEN', help: 'the root token of -dev' },
    { name: 'dev-listen-address', kind: 'text', value: 'HOST:PORT', help: 'where -dev listens' },
    { name: 'dev-no-store-token', kind: 'switch', help: 'leave no token of -dev in ~/.vault-token' },
  ],
  later: [
    ...['dev-tls', 'dev-tls-cert-dir', 'dev-ha', 'dev-auto-seal', 'dev-skip-init', 'dev-three-node'],
    ...['exit-on-core-init', 'exit-on-core-shutdown', 'recovery', 'test-server-config'],
  ],
  connects: false,
  answers: false,
  run,
}

const BESIDE_DEV = ['config', 'address', 'data', 'tls-self-signed']
const DEV_FLAGS = ['dev-root-token-id', 'dev-listen-address', 'dev-no-store-token']

async function run(call: CommandCall): Promise<number> {
  const dev = devFlags(call.flags)
  const { runServer } = await call.ports.loadServer()
  return runServer({
    configPaths: call.flags.list('config'),
    flags: serverFlags(call),
    dev,
    environment: call.io.env,
    io: call.io,
  })
}

/** What would be ignored is refused: else a store is not kept, or one is open that was meant to be closed. */
function devFlags(flags: FlagValues): DevServerFlags | null {
  const isDev = flags.on('dev')
  const stray = (isDev ? BESIDE_DEV : DEV_FLAGS).find((name) => isGiven(flags, name))
  if (stray !== undefined && !isDev) throw new UsageError(`-${stray} needs -dev, which was not given`)
  if (stray !== undefined) {
    const hint = stray === 'address' ? 'Say -dev-listen-address instead.' : 'Leave one of the two away.'
    throw new UsageError(`-${stray} has no place beside -dev, which keeps everything in memory`, { hint })
  }
  if (!isDev) return null
  return {
    rootTokenId: flags.text('dev-root-token-id'),
    listenAddress: flags.text('dev-listen-address'),
    storesToken: !flags.on('dev-no-store-token'),
  }
}

function isGiven(flags: FlagValues, name: string): boolean {
  return flags.on(name) || flags.text(name) !== null || flags.list(name).length > 0
}

function serverFlags(call: CommandCall): ServerFlags {
  const address = call.flags.text('address')
  const dataFolder = call.flags.text('data')
  const logLevel = call.flags.text('log-level')
  const logFormat = call.flags.text('log-format')
  return {
    ...(address === null ? {} : { address }),
    ...(dataFolder === null ? {} : { dataFolder }),
    ...(logLevel === null ? {} : { logLevel }),
    ...(logFormat === null ? {} : { logFormat }),
    tlsSelfSigned: call.flags.on('tls-self-signed'),
  }
}

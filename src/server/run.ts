import { OperatingError } from '../base/errors.ts'
import type { InitAnswer } from '../ceremony/init.ts'
import type { ConfigWarning, ServerConfig, StorageConfig } from '../config/config.ts'
import { type DevConfig, type DevFlags, readDevConfig } from '../config/dev.ts'
import { type Environment, serverSettings } from '../config/environment.ts'
import { type ConfigFlags, readConfig } from '../config/read.ts'
import { banner } from './banner.ts'
import type { buildServer as build, Server } from './build.ts'
import { announceDev, type Output, openForDevelopment } from './dev.ts'
import { forgetEnvironment } from './environment.ts'
import { isExposed } from './exposure.ts'
import { memoryWarnings } from './hygiene.ts'
import type { GuardedStorage } from './io-guard.ts'
import { lastResort } from './last-resort.ts'
import { Listeners, type PreparedListeners, prepareListeners } from './listeners.ts'
import { openLog, type ServerLog } from './log.ts'
import { LogPipe } from './log-pipe.ts'
import { LogTaps } from './log-taps.ts'
import { writePidFile } from './pid-file.ts'
import { refuseRuntimeFlags } from './runtime-flags.ts'
import { handleSignals } from './signals.ts'
import { loadStorage } from './storage.ts'
import { systemClock, systemEntropy } from './system-ports.ts'
import { machineNames, runtimeFlags, systemTexts } from './this-process.ts'
import { VERSION } from './version.ts'

const GRACE_MS = 4000
/** How long the last lines of the log may take once everything is closed. */
const LAST_WORDS_MS = 1000

export interface RunOptions {
  readonly configPaths: readonly string[]
  readonly flags: ConfigFlags
  /** Of `-dev`; `null` for a server that keeps what it is given. */
  readonly dev: DevFlags | null
  readonly environment: Environment
  readonly io: { readonly stdout: Output; readonly stderr: Output }
}

/** Runs a server until SIGTERM or SIGINT. The exit code: 0 after a clean stop, 1 when it could not start. */
export async function runServer(options: RunOptions): Promise<number> {
  // Before anything is made: no file of ours is for other users.
  process.umask(0o077)
  try {
    return await (options.dev === null ? runKept(options) : runDev(options, options.dev))
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    options.io.stderr.write(`Error starting the server: ${error.message}\n`)
    return 1
  } finally {
    // Lines that wait for somebody to read them keep a process alive; where nobody does it ends all the same.
    setTimeout(() => process.exit(), LAST_WORDS_MS).unref()
  }
}

async function runKept({ configPaths, flags, environment, io }: RunOptions): Promise<number> {
  refuseRuntimeFlags(runtimeFlags())
  const sources = { paths: configPaths, flags, environment: serverSettings(environment) }
  const { config, warnings } = readConfig(sources)
  // Before any thread is started: it would get a copy.
  forgetEnvironment(process.env)
  const readAgain = (): ServerConfig => readConfig(sources).config
  return await serve(
    { config, warnings: [...warnings, ...memoryWarnings(systemTexts())], readAgain },
    null,
    io,
  )
}

async function runDev({ flags, environment, io }: RunOptions, dev: DevFlags): Promise<number> {
  const settings = readDevConfig(dev, flags, environment)
  using _rootToken = settings.rootToken
  const { config } = settings
  forgetEnvironment(process.env)
  return await serve({ config, warnings: [], readAgain: () => config }, settings, io)
}

/** What a server was told before it started. */
interface Start {
  readonly config: ServerConfig
  readonly warnings: readonly ConfigWarning[]
  /** The configuration as it is now. Throws `config_invalid`. */
  readonly readAgain: () => ServerConfig
}

type RunningLog = LogTaps<ServerLog>

async function serve(start: Start, dev: DevConfig | null, io: RunOptions['io']): Promise<number> {
  const { config } = start
  const { logLevel, logFormat } = config
  const lines = new LogPipe(io.stderr, (dropped) =>
    log.warn('nobody read the log', { lines_dropped: dropped }),
  )
  const log = new LogTaps(
    await openLog({ level: logLevel, format: logFormat, write: (line) => lines.write(line) }),
  )
  const { fatal, wipeBy } = lastResort(log)
  const signals = handleSignals(log)
  for (const warning of start.warnings) log.warn(warning)
  // Before anything is made: what cannot be reached is not to leave an empty store behind.
  const prepared = await prepareListeners(config.listeners, systemClock)
  using _pidFile = writePidFile(config.pidFile)
  const { storage, buildServer } = await openWhileLoading(config.storage)
  const server = await buildServer(config, log, {
    fatal,
    rootToken: dev?.rootToken ?? null,
    isForDevelopment: dev !== null,
    storage,
  })
  wipeBy(() => server.custodian.abandon())
  let listeners: Listeners | null = null
  try {
    // Before anyone can reach it: nobody else is to initialise it.
    using opened = dev === null ? null : await openForDevelopment(server.custodian)
    listeners = await openListeners(config, prepared, { server, log })
    await announce({ config, dev, server, opened, log, io }, listeners)
  } catch (error) {
    await stop(server, listeners, signals.hurry)
    throw error
  }
  signals.onHangUp(() => reload(start, log, listeners))
  log.info('server started', { version: VERSION, listeners: listeners.urls.length })
  log.info(`got ${await signals.stop}, stopping`)
  log.endFollowing()
  await stop(server, listeners, signals.hurry)
  log.info('server stopped')
  log.flush()
  return 0
}

/**
 * The store's thread starts while most of the program is loaded. Throws what opening the store throws; a
 * program that cannot be loaded leaves no store open, whose thread would keep the process.
 */
async function openWhileLoading(
  config: StorageConfig,
): Promise<{ readonly storage: GuardedStorage; readonly buildServer: typeof build }> {
  const openStorage = await loadStorage(config)
  const [opened, loaded] = await Promise.allSettled([openStorage(), import('./build.ts')])
  if (opened.status === 'rejected') throw opened.reason
  if (loaded.status === 'fulfilled') return { storage: opened.value, buildServer: loaded.value.buildServer }
  await opened.value.close()
  throw loaded.reason
}

function openListeners(
  config: ServerConfig,
  prepared: PreparedListeners,
  { server, log }: { readonly server: Server; readonly log: RunningLog },
): Promise<Listeners> {
  const { service, logExchange } = server
  const [clock, entropy, machine] = [systemClock, systemEntropy, machineNames()]
  return Listeners.open(config, prepared, { clock, entropy, machine, log, service, logExchange })
}

interface Started {
  readonly config: ServerConfig
  /** Of a server for development. */
  readonly dev: DevConfig | null
  readonly server: Server
  readonly opened: InitAnswer | null
  readonly log: RunningLog
  readonly io: RunOptions['io']
}

async function announce(started: Started, listeners: Listeners): Promise<void> {
  const { config, dev, server, opened, log, io } = started
  const { urls: addresses, selfSigned } = listeners
  const status = server.custodian.status()
  const about = { version: VERSION, program: programName(), isDev: dev !== null }
  io.stdout.write(banner(config, { ...about, status, addresses, selfSigned }))
  for (const [index, listener] of config.listeners.entries()) {
    if (!isExposed(listener)) continue
    const advice = 'give it tls_cert_file and tls_key_file, or the address 127.0.0.1'
    log.warn('plain HTTP beyond this machine', { address: addresses[index] ?? '', advice })
  }
  if (dev !== null && opened !== null)
    await announceDev({ dev, opened, address: addresses[0] ?? '', log, out: io.stdout })
}

/** SIGHUP: certificates, and the level of the log. All else is read once, at the start. */
function reload({ readAgain }: Start, log: RunningLog, listeners: Listeners): void {
  try {
    const { logLevel } = readAgain()
    log.inner.setLevel(logLevel)
    log.info('got SIGHUP', { log_level: logLevel })
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    log.error(`the configuration cannot be read again; the log stays at its level: ${error.message}`)
  }
  listeners.reload()
}

/**
 * In-flight requests are answered, or cut off when `hurry` aborts; then keys are given back and wiped, then
 * journal and store are closed.
 */
async function stop(server: Server, listeners: Listeners | null, hurry: AbortSignal): Promise<void> {
  await listeners?.close(GRACE_MS, hurry)
  await server.custodian.stop()
  // The store last: its lock keeps other processes away from the journal too.
  await server.journal.close()
  await server.storage.close()
}

/** In a checkout the sources run, and nobody has installed a command. */
function programName(): string {
  return process.argv[1]?.endsWith('/src/main.ts') === true ? 'bin/conclave' : 'conclave'
}

import { readFileSync } from 'node:fs'
import { InvariantError } from '../base/assert.ts'
import { OperatingError } from '../base/errors.ts'
import type { InitAnswer } from '../ceremony/init.ts'
import type { ConfigWarning, ListenerConfig, ServerConfig } from '../config/config.ts'
import { type DevConfig, type DevFlags, readDevConfig } from '../config/dev.ts'
import type { Environment } from '../config/environment.ts'
import { type ConfigFlags, readConfig } from '../config/read.ts'
import { expectFree, type RunningListener, startListener } from '../http/listener.ts'
import { banner } from './banner.ts'
import { buildServer, type Server } from './build.ts'
import { announceDev, type Output, openForDevelopment } from './dev.ts'
import { isExposed } from './exposure.ts'
import { type Log, openLog } from './log.ts'
import { ownFrames } from './own-frames.ts'
import { writePidFile } from './pid-file.ts'
import { systemClock } from './system-ports.ts'
import { VERSION } from './version.ts'

const GRACE_MS = 4000
/** Exit code of a process that ended because nobody can know its state: EX_SOFTWARE of sysexits.h. */
const EXIT_BROKEN = 70

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
  const { configPaths, flags, dev, environment, io } = options
  // Before anything is made: no file of ours is for other users.
  process.umask(0o077)
  try {
    if (dev !== null) {
      const settings = readDevConfig(dev, flags, environment)
      using _rootToken = settings.rootToken
      return await serve({ config: settings.config, warnings: [], dev: settings }, io)
    }
    const { config, warnings } = readConfig({ paths: configPaths, flags, environment })
    return await serve({ config, warnings, dev: null }, io)
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    io.stderr.write(`Error starting the server: ${error.message}\n`)
    return 1
  }
}

/** What a server was told before it started. */
interface Start {
  readonly config: ServerConfig
  readonly warnings: readonly ConfigWarning[]
  readonly dev: DevConfig | null
}

async function serve(start: Start, io: RunOptions['io']): Promise<number> {
  const { config, dev } = start
  const { logLevel, logFormat } = config
  const log = await openLog({ level: logLevel, format: logFormat, write: (line) => io.stderr.write(line) })
  const fatal = (error: unknown): void => endBroken(log, error)
  process.on('uncaughtException', fatal)
  for (const warning of start.warnings) log.warn(warning)
  // Before anything is made: what cannot be reached is not to leave an empty store behind.
  const certificates = config.listeners.map(readTls)
  await expectFree(config.listeners)
  using _pidFile = writePidFile(config.pidFile)
  const server = await buildServer(config, log, { fatal, rootToken: dev?.rootToken ?? null })
  const listeners: RunningListener[] = []
  try {
    // Before anyone can reach it: nobody else is to initialise it.
    using opened = dev === null ? null : await openForDevelopment(server.custodian)
    for (const [index, listener] of config.listeners.entries()) {
      const options = { name: `listener-${index + 1}`, tls: certificates[index] ?? null }
      listeners.push(await listen(server, listener, options))
    }
    await announce({ ...start, server, opened, log, io }, listeners)
  } catch (error) {
    await stop(server, listeners)
    throw error
  }
  log.info('server started', { version: VERSION, listeners: listeners.length })
  log.info(`got ${await stopSignal()}, stopping`)
  await stop(server, listeners)
  log.info('server stopped')
  log.flush()
  return 0
}

interface Started extends Start {
  readonly server: Server
  /** Of a server for development. */
  readonly opened: InitAnswer | null
  readonly log: Log
  readonly io: RunOptions['io']
}

async function announce(started: Started, listeners: readonly RunningListener[]): Promise<void> {
  const { config, dev, server, opened, log, io } = started
  const addresses = listeners.map(({ address }, index) => urlOf(config.listeners[index], address))
  const status = server.custodian.status()
  io.stdout.write(
    banner(config, { status, addresses, version: VERSION, program: programName(), isDev: dev !== null }),
  )
  for (const [index, listener] of config.listeners.entries()) {
    if (!isExposed(listener)) continue
    const advice = 'give it tls_cert_file and tls_key_file, or the address 127.0.0.1'
    log.warn('plain HTTP beyond this machine', { address: addresses[index] ?? '', advice })
  }
  if (dev !== null && opened !== null)
    await announceDev({ dev, opened, address: addresses[0] ?? '', log, out: io.stdout })
}

async function listen(
  server: Server,
  config: ListenerConfig,
  { name, tls }: { readonly name: string; readonly tls: Certificate | null },
): Promise<RunningListener> {
  const { ceremonyAccess, rekeyAccess, generateRootAccess } = config
  const { retireOn, serverNames, maxRequestBytes, host, port } = config
  return await startListener({
    address: { host, port },
    tls,
    clock: systemClock,
    log: server.logExchange,
    service: {
      ...server.service,
      maxBodyBytes: maxRequestBytes,
      listener: {
        listener: name,
        access: { rekey: rekeyAccess, generateRoot: generateRootAccess, unseal: ceremonyAccess },
        retireOn,
        serverNames,
      },
    },
  })
}

/** PEM. */
interface Certificate {
  readonly cert: Uint8Array
  readonly key: Uint8Array
}

function readTls({ tls }: ListenerConfig): Certificate | null {
  if (tls === null) return null
  const read = (path: string): Uint8Array => {
    try {
      return readFileSync(path)
    } catch (error) {
      throw new OperatingError('config_invalid', `the TLS file ${path} cannot be read`, { cause: error })
    }
  }
  return { cert: read(tls.certFile), key: read(tls.keyFile) }
}

function urlOf(config: ListenerConfig | undefined, address: RunningListener['address']): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${config?.tls ? 'https' : 'http'}://${host}:${address.port}`
}

/** In-flight requests are answered, then keys are given back and wiped, then journal and store are closed. */
async function stop(server: Server, listeners: readonly RunningListener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close(GRACE_MS)))
  await server.custodian.stop()
  // The store last: its lock keeps other processes away from the journal too.
  await server.journal.close()
  await server.storage.close()
}

/** In a checkout the sources run, and nobody has installed a command. */
function programName(): string {
  return process.argv[1]?.endsWith('/src/main.ts') === true ? 'bin/conclave' : 'conclave'
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
}

/** One line, and the end: an unknown state must not hold keys. Memory goes with the process. */
function endBroken(log: Log, error: unknown): void {
  // Ours are made of public facts; a message of another may hold anything.
  const isOurs = error instanceof InvariantError || error instanceof OperatingError
  const why = error instanceof Error ? `${error.name}${isOurs ? `: ${error.message}` : ''}` : 'unknown'
  const detail = error instanceof OperatingError ? error.detail : {}
  log.error('the server ends: its state cannot be trusted any more', { why, ...detail, at: ownFrames(error) })
  log.flush()
  process.exit(EXIT_BROKEN)
}

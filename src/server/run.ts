import { readFileSync } from 'node:fs'
import { InvariantError } from '../base/assert.ts'
import { OperatingError } from '../base/errors.ts'
import type { ListenerConfig, ServerConfig } from '../config/config.ts'
import { type ConfigFlags, readConfig } from '../config/read.ts'
import { type RunningListener, startListener } from '../http/listener.ts'
import { banner } from './banner.ts'
import { buildServer, type Server } from './build.ts'
import { type Log, openLog } from './log.ts'
import { systemClock } from './system-ports.ts'
import { VERSION } from './version.ts'

const GRACE_MS = 4000
/** Exit code of a process that ended because nobody can know its state: EX_SOFTWARE of sysexits.h. */
const EXIT_BROKEN = 70

export interface RunOptions {
  readonly configPaths: readonly string[]
  readonly flags: ConfigFlags
  readonly io: { readonly stdout: Output; readonly stderr: Output }
}

interface Output {
  write(text: string): unknown
}

/** Runs a server until SIGTERM or SIGINT. The exit code: 0 after a clean stop, 1 when it could not start. */
export async function runServer({ configPaths, flags, io }: RunOptions): Promise<number> {
  // Before anything is made: no file of ours is for other users.
  process.umask(0o077)
  try {
    const config = readConfig(configPaths, flags)
    const { logLevel, logFormat } = config
    const log = await openLog({ level: logLevel, format: logFormat, write: (line) => io.stderr.write(line) })
    return await serve(config, log, io)
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    io.stderr.write(`Error starting the server: ${error.message}\n`)
    return 1
  }
}

async function serve(config: ServerConfig, log: Log, io: RunOptions['io']): Promise<number> {
  const fatal = (error: unknown): void => endBroken(log, error)
  process.on('uncaughtException', fatal)
  const server = await buildServer(config, log, fatal)
  const listeners: RunningListener[] = []
  try {
    for (const [index, listener] of config.listeners.entries()) {
      listeners.push(await listen(server, listener, `listener-${index + 1}`))
    }
  } catch (error) {
    await stop(server, listeners)
    throw error
  }
  const addresses = listeners.map(({ address }, index) => urlOf(config.listeners[index], address))
  io.stdout.write(
    banner(config, {
      status: server.custodian.status(),
      addresses,
      version: VERSION,
      program: programName(),
    }),
  )
  log.info('server started', { version: VERSION, listeners: listeners.length })
  log.info(`got ${await stopSignal()}, stopping`)
  await stop(server, listeners)
  log.info('server stopped')
  log.flush()
  return 0
}

async function listen(server: Server, config: ListenerConfig, name: string): Promise<RunningListener> {
  const { ceremonyAccess, retireOn, maxRequestBytes, host, port } = config
  return await startListener({
    address: { host, port },
    tls: readTls(config),
    clock: systemClock,
    log: server.logExchange,
    service: {
      ...server.service,
      maxBodyBytes: maxRequestBytes,
      listener: {
        listener: name,
        access: { rekey: ceremonyAccess, generateRoot: ceremonyAccess, unseal: ceremonyAccess },
        retireOn,
        serverNames: [],
      },
    },
  })
}

function readTls({ tls }: ListenerConfig): { readonly cert: Uint8Array; readonly key: Uint8Array } | null {
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

/** In-flight requests are answered, then keys are given back and wiped, then the store is closed. */
async function stop(server: Server, listeners: readonly RunningListener[]): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close(GRACE_MS)))
  await server.custodian.stop()
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
  const why =
    error instanceof Error
      ? `${error.name}: ${error instanceof InvariantError ? error.message : ''}`
      : 'unknown'
  log.error('the server ends: its state cannot be trusted any more', { why })
  log.flush()
  process.exit(EXIT_BROKEN)
}

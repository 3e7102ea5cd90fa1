import { assert } from '../base/assert.ts'
import { type Clock, millis, rfc3339 } from '../base/clock.ts'
import type { Entropy } from '../base/entropy.ts'
import { OperatingError } from '../base/errors.ts'
import type {
  CertificateFiles,
  ListenerConfig,
  ServerConfig,
  TcpListenerConfig,
  TlsConfig,
  UnixListenerConfig,
} from '../config/config.ts'
import type { CertificateFacts } from '../crypto/node/x509.ts'
import { type Endpoint, endpointText, expectFree } from '../http/endpoint.ts'
import { type ListenerOptions, type RunningListener, startListener } from '../http/listener.ts'
import type { MachineNames } from './certificate-names.ts'
import { type SharedService, serviceBy } from './listener-service.ts'
import type { Log } from './log.ts'
import { loadSelfSigned } from './self-signed.ts'
import { expiryWarning, hasExpired, type ReadTls, readKeyPair, readTlsFiles } from './tls-files.ts'
import { checkSocketPlace, freeSocketPath, shareSocket } from './unix-socket.ts'

const EXPIRY_CHECK_MS = 24 * 60 * 60 * 1000
/** How often a full listener is told in the log. */
const FULL_TOLD_MS = 60_000

export interface ListenerPorts {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly machine: MachineNames
  readonly log: Log
  /** What every listener serves; each adds who it is. */
  readonly service: SharedService
  readonly logExchange: ListenerOptions['log']
}

/** What people need to know of a certificate of the server's own making. */
export interface ShownCertificate {
  readonly fingerprint: string
  /** `null` for one in memory. */
  readonly certFile: string | null
  readonly isNew: boolean
}

interface Held {
  readonly name: string
  readonly running: RunningListener<Endpoint>
  readonly url: string
  /** `null` without TLS. */
  readonly tls: HeldTls | null
}

interface Given {
  /** Of the store; `null` for one in memory. */
  readonly folder: string | null
  readonly prepared: ReadTls | null
}

interface HeldTls {
  readonly config: TlsConfig
  /** Where it is read again; `null` for one in memory. */
  readonly files: CertificateFiles | null
  facts: CertificateFacts
}

/** The certificates of the listeners, where they come from files; `null` for the others. */
export type PreparedListeners = readonly (ReadTls | null)[]

/**
 * Reads what listeners show and looks whether their places can be had, before anything is made for a server
 * that could not be reached. Throws `config_invalid`.
 */
export async function prepareListeners(
  listeners: readonly ListenerConfig[],
  clock: Clock,
): Promise<PreparedListeners> {
  const prepared = listeners.map((listener) => {
    const tls = listener.type === 'tcp' ? listener.tls : null
    if (tls === null || tls.certificate === 'self-signed') return null
    return readTlsFiles(tls, tls.certificate, clock.now())
  })
  await expectFree(listeners.filter((listener) => listener.type === 'tcp'))
  for (const listener of listeners) {
    if (listener.type !== 'unix') continue
    checkSocketPlace(listener)
    await freeSocketPath(listener.path)
  }
  return prepared
}

/** All places where a server listens. */
export class Listeners {
  readonly #ports: ListenerPorts
  readonly #held: Held[] = []
  readonly #ended = new AbortController()
  #selfSigned: ShownCertificate | null = null

  private constructor(ports: ListenerPorts) {
    this.#ports = ports
  }

  /** Opens them in order, or none. Throws `config_invalid`. */
  static async open(
    config: Pick<ServerConfig, 'listeners' | 'storage'>,
    prepared: PreparedListeners,
    ports: ListenerPorts,
  ): Promise<Listeners> {
    const listeners = new Listeners(ports)
    const folder = config.storage.type === 'sqlite' ? config.storage.folder : null
    try {
      for (const [index, listener] of config.listeners.entries()) {
        const name = `listener-${index + 1}`
        listeners.#held.push(
          listener.type === 'unix'
            ? await listeners.#openUnix(listener, name)
            : await listeners.#openTcp(listener, name, {
                folder,
                prepared: prepared[index] ?? null,
              }),
        )
      }
    } catch (error) {
      await listeners.close(0)
      throw error
    }
    void listeners.#watchExpiry()
    return listeners
  }

  /** URLs as a client writes them, in order. */
  get urls(): readonly string[] {
    return this.#held.map(({ url }) => url)
  }

  get selfSigned(): ShownCertificate | null {
    return this.#selfSigned
  }

  /**
   * Reads certificates, keys and authorities again. What cannot be served is told in the log, and that
   * listener goes on with what it has.
   */
  reload(): void {
    for (const { name, running, tls } of this.#held) {
      if (tls === null || tls.files === null) continue
      try {
        const read = readTlsFiles(tls.config, tls.files, this.#ports.clock.now())
        for (const warning of read.warnings) this.#ports.log.warn(`${name}: ${warning}`)
        this.#renew(running, tls, read)
        const { fingerprint, notAfter } = tls.facts
        this.#ports.log.info(`${name}: certificate read again`, { fingerprint, expires: rfc3339(notAfter) })
      } catch (error) {
        if (!(error instanceof OperatingError)) throw error
        const why = error.message
        this.#ports.log.error(
          `${name} goes on with the certificate that it has: ${why}. Mend it and send SIGHUP`,
        )
      }
    }
  }

  /** Answers what is under way, and cuts what is left after `graceMs` or when `hurry` aborts. */
  async close(graceMs: number, hurry?: AbortSignal): Promise<void> {
    this.#ended.abort()
    await Promise.all(this.#held.map(({ running }) => running.close(graceMs, hurry)))
  }

  async #openTcp(config: TcpListenerConfig, name: string, given: Given): Promise<Held> {
    const { host, port } = config
    const read = config.tls === null ? null : this.#shown(config, config.tls, given)
    for (const warning of read?.warnings ?? []) this.#ports.log.warn(`${name}: ${warning}`)
    const options = { ...this.#options(config, name), address: { host, port } }
    const running = await startListener({ ...options, tls: read?.settings ?? null })
    const url = `${read === null ? 'http' : 'https'}://${endpointText(running.address)}`
    const tls =
      config.tls === null || read === null
        ? null
        : { config: config.tls, files: read.files, facts: read.facts }
    return { name, running, url, tls }
  }

  async #openUnix(config: UnixListenerConfig, name: string): Promise<Held> {
    const { path } = config
    await freeSocketPath(path)
    const options = { ...this.#options(config, name), address: { path }, tls: null }
    const running = await startListener<Endpoint>(options)
    try {
      shareSocket(config)
    } catch (error) {
      await running.close(0)
      throw error
    }
    return { name, running, url: `unix://${path}`, tls: null }
  }

  #shown(
    listener: TcpListenerConfig,
    config: TlsConfig,
    { folder, prepared }: Given,
  ): ReadTls & { readonly files: CertificateFiles | null } {
    if (config.certificate !== 'self-signed') {
      assert(prepared !== null, 'a certificate from files that was not read')
      return { ...prepared, files: config.certificate }
    }
    const { clock, entropy, machine } = this.#ports
    const made = loadSelfSigned(folder, listener, { clock, entropy, machine })
    const read = readKeyPair(config, made, clock.now())
    const files = folder === null ? null : made.from
    const { fingerprint } = read.facts
    this.#selfSigned = { fingerprint, certFile: files?.certFile ?? null, isNew: made.isNew }
    return { ...read, files }
  }

  #options(
    config: ListenerConfig,
    name: string,
  ): Pick<ListenerOptions, 'clock' | 'log' | 'service' | 'onFull' | 'bounds'> {
    const { ceremonyAccess, rekeyAccess, generateRootAccess } = config
    const { retireOn, serverNames, maxRequestBytes, timeouts } = config
    const { clock, service, logExchange } = this.#ports
    return {
      clock,
      log: logExchange,
      onFull: this.#onFull(name),
      bounds: {
        headMs: timeouts.head,
        requestMs: timeouts.request,
        idleMs: timeouts.idle,
        stallMs: timeouts.stall,
        connections: config.maxConnections,
        connectionsPerSource: config.type === 'tcp' ? config.maxConnectionsPerSource : null,
      },
      service: {
        ...serviceBy(service, config),
        maxBodyBytes: maxRequestBytes,
        listener: {
          listener: name,
          access: { rekey: rekeyAccess, generateRoot: generateRootAccess, unseal: ceremonyAccess },
          retireOn,
          serverNames,
          isUnix: config.type === 'unix',
        },
      },
    }
  }

  #onFull(name: string): (source: string | 'all') => void {
    const { clock, log } = this.#ports
    const told = { all: Number.NEGATIVE_INFINITY, source: Number.NEGATIVE_INFINITY }
    return (source) => {
      const now = clock.monotonic()
      // Not one line for each source: there may be as many as there are addresses.
      const kind = source === 'all' ? 'all' : 'source'
      if (now - told[kind] < FULL_TOLD_MS) return
      told[kind] = now
      const who = source === 'all' ? 'it takes' : `${source} may have`
      log.warn(`${name} has as many connections as ${who}, and closes further ones`)
    }
  }

  #renew(running: RunningListener<Endpoint>, tls: HeldTls, read: ReadTls): void {
    if (hasExpired(read.facts, this.#ports.clock.now())) {
      throw new OperatingError('config_invalid', `the new one expired at ${rfc3339(read.facts.notAfter)}`)
    }
    running.renew(read.settings)
    tls.facts = read.facts
  }

  /** A certificate that nobody looks after is told every day, from a month before its end. */
  async #watchExpiry(): Promise<void> {
    const { clock, log } = this.#ports
    const { signal } = this.#ended
    for (;;) {
      await clock.sleep(millis(EXPIRY_CHECK_MS), signal)
      if (signal.aborted) return
      for (const { name, tls } of this.#held) {
        if (tls === null) continue
        const warning = expiryWarning(tls.facts, tls.files?.certFile ?? 'memory', clock.now())
        if (warning !== null) log.warn(`${name}: ${warning}`)
      }
    }
  }
}

import { existsSync } from 'node:fs'
import { OperatingError } from '../base/errors.ts'
import { probeListen, probeSocket, reachable } from '../client/listen-probe.ts'
import type {
  ListenerConfig,
  ServerConfig,
  TcpListenerConfig,
  TlsConfig,
  UnixListenerConfig,
} from '../config/config.ts'
import { readConfig } from '../config/read.ts'
import { selfSignedFiles } from '../config/tls.ts'
import { diagnose, type Subject } from '../offline/diagnose/diagnose.ts'
import { type Finding, failure, ok, type Status, warning, worst } from '../offline/diagnose/finding.ts'
import type { AddressReading, Reserve } from '../offline/diagnose/listener.ts'
import type { SubjectListener } from '../offline/diagnose/listeners.ts'
import type { TlsTerms } from '../offline/diagnose/machine.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { say } from './io.ts'
import { renderValue } from './output.ts'
import { readAddress } from './who-listens.ts'

/** `conclave operator diagnose`: exit code 0 all well, 1 a failure, 2 warnings only, as the peers have it. */
export const command: CommandSpec = {
  name: 'operator diagnose',
  summary: 'Looks at configuration, store, disk, certificates and machine of a server that runs or does not.',
  operands: '',
  arity: [0, 0],
  examples: [
    {
      does: 'of the server that runs without flags; exit 0 well, 1 a failure, 2 warnings',
      types: 'operator diagnose',
    },
    { does: 'as the server is started', types: 'operator diagnose -config=/etc/conclave.d' },
    {
      does: 'for a script, or for whoever helps: no secret is in it',
      types: 'operator diagnose -format=json',
    },
  ],
  flags: [
    { name: 'config', kind: 'list', value: 'PATH', help: 'file or folder of settings, as the server has it' },
    { name: 'address', kind: 'text', value: 'HOST:PORT', help: 'where it listens (127.0.0.1:8200)' },
    { name: 'data', kind: 'text', value: 'FOLDER', help: 'where the store is kept (./data)' },
    { name: 'tls-self-signed', kind: 'switch', help: 'it serves TLS with a certificate of its own making' },
  ],
  later: ['debug', 'skip'],
  connects: false,
  answers: true,
  run,
}

const EXITS: Readonly<Record<Status, number>> = { ok: 0, failure: 1, warning: 2 }
const NO_SUBJECT: Subject = { folder: null, listeners: [], initSecretFile: null, pidFile: null }

async function run(call: CommandCall): Promise<number> {
  const { config, findings } = configured(call)
  const machine = await call.ports.loadMachine()
  const looked = await diagnose(config === null ? NO_SUBJECT : subjectOf(config), machine)
  // Without a configuration nobody knows which store and which addresses are meant.
  const rest = config === null ? looked.filter(({ check }) => check !== 'store') : looked
  const all = [...findings, ...rest]
  const { format } = call.output
  await call.output.text(
    format === 'table' ? renderFindings(all) : await renderValue(format, findingsValue(all)),
  )
  if (format === 'table') say(call.io, `\n${summary(all)}`)
  return EXITS[worst(all)]
}

interface Configured {
  readonly config: ServerConfig | null
  readonly findings: readonly Finding[]
}

function configured({ flags, io }: CommandCall): Configured {
  const check = 'configuration'
  const address = flags.text('address')
  const dataFolder = flags.text('data')
  const paths = flags.list('config')
  try {
    const { config, warnings } = readConfig({
      paths,
      flags: {
        ...(address === null ? {} : { address }),
        ...(dataFolder === null ? {} : { dataFolder }),
        tlsSelfSigned: flags.on('tls-self-signed'),
      },
      environment: io.env,
    })
    const from = paths.length === 0 ? 'flags, environment and defaults' : paths.join(', ')
    return { config, findings: [ok(check, from), ...warnings.map((says) => warning(check, says, null))] }
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    const next = 'mend it; store, disk, addresses and certificates were not looked at'
    return { config: null, findings: [failure(check, error.message, next)] }
  }
}

function subjectOf({ storage, listeners, initSecretFile, pidFile }: ServerConfig): Subject {
  const folder = storage.type === 'sqlite' ? storage.folder : null
  return {
    folder,
    initSecretFile,
    pidFile,
    listeners: listeners.map((listener, index) => {
      const check = `listener ${index + 1}`
      return listener.type === 'unix' ? socketOf(listener, check) : portOf(listener, check, folder)
    }),
  }
}

function portOf(listener: TcpListenerConfig, check: string, folder: string | null): SubjectListener {
  const { host, port, tls, serverNames } = listener
  const shown = tls === null ? null : shownBy(tls, folder)
  return {
    check,
    address: addressText(host, port),
    port,
    reserve: reserveOf(listener),
    place: { host, port },
    tls: shown === null ? null : { check: `${check} tls`, ...shown, names: serverNames },
    look: async () => {
      const address = `${tls === null ? 'http' : 'https'}://${addressText(reachable(host), port)}`
      return await readAddress(await probeListen(host, port), address)
    },
  }
}

function socketOf(listener: UnixListenerConfig, check: string): SubjectListener {
  const { path } = listener
  const look = async (): Promise<AddressReading> =>
    await readAddress(await probeSocket(path), `unix://${path}`)
  return { check, address: path, port: null, reserve: reserveOf(listener), place: listener, tls: null, look }
}

function reserveOf(listener: ListenerConfig): Reserve | null {
  // First: without a certificate there is no answer of any kind.
  if (listener.type === 'tcp' && listener.tls?.clientCertificates === 'required') {
    return 'asks for a client certificate'
  }
  return listener.metrics.onlyAt === null ? null : 'serves only metrics'
}

/** `null` where there is nothing to look at yet: the first start makes it. */
function shownBy(tls: TlsConfig, folder: string | null): TlsTerms | null {
  const { certificate, ...terms } = tls
  if (certificate !== 'self-signed') return { ...terms, ...certificate }
  const files = folder === null ? null : selfSignedFiles(folder)
  return files !== null && existsSync(files.certFile) ? { ...terms, ...files } : null
}

function addressText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** One line a finding, and one for what to do about it. */
function renderFindings(findings: readonly Finding[]): string {
  const labels = { ok: '[ ok ]', warning: '[ warning ]', failure: '[ failure ]' }
  const width = Math.max(...findings.map(({ check }) => check.length))
  const indent = ' '.repeat(labels.warning.length + width + 4)
  const lines = findings.flatMap(({ check, status, says, next }) => {
    const line = `${labels[status].padEnd(labels.warning.length)}  ${check.padEnd(width)}  ${says}`
    return next === null ? [line] : [line, `${indent}Next: ${next}`]
  })
  return `${lines.join('\n')}\n`
}

function findingsValue(findings: readonly Finding[]): unknown {
  const checks = findings.map(({ check, status, says, next }) => ({ check, status, message: says, next }))
  return { status: worst(findings), checks }
}

function summary(findings: readonly Finding[]): string {
  const count = (status: Status): number => findings.filter((finding) => finding.status === status).length
  const [failures, warnings] = [count('failure'), count('warning')]
  if (failures + warnings === 0) return `All ${findings.length} checks are well.`
  const parts = [
    failures > 0 ? `${failures} ${failures === 1 ? 'failure' : 'failures'}` : '',
    warnings > 0 ? `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}` : '',
  ].filter((part) => part !== '')
  return `${parts.join(' and ')} in ${findings.length} checks.`
}

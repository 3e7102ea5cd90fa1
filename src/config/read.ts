import { OperatingError } from '../base/errors.ts'
import { type HostPort, isLoopback, parseAddress } from './address.ts'
import {
  type ConfigWarning,
  DEFAULT_CONFIG,
  LOG_FORMATS,
  LOG_LEVELS,
  type ServerConfig,
  type StorageConfig,
} from './config.ts'
import { type Environment, findSetting, type Setting } from './environment.ts'
import { parseConfig } from './parse.ts'
import { readSources } from './source.ts'

/** What the command line says beside the files; it wins over them. */
export interface ConfigFlags {
  readonly address?: string
  readonly dataFolder?: string
  readonly logLevel?: string
  readonly logFormat?: string
  /** The first listener of the network gets a certificate of the server's own making. */
  readonly tlsSelfSigned?: boolean
}

/** All that a configuration comes from. */
export interface ConfigSources {
  /** Of `-config`, a file or a folder each. */
  readonly paths: readonly string[]
  readonly flags: ConfigFlags
  readonly environment: Environment
}

export interface ReadConfig {
  readonly config: ServerConfig
  /** What has no effect, a sentence each, to be logged at the start. */
  readonly warnings: readonly ConfigWarning[]
}

/**
 * Reads the configuration once, at start: flags, then the environment, then files, then the defaults. Without
 * `-config`, the files are those of `CONCLAVE_CONFIG_PATH` (or `BAO_`, `VAULT_`). Paths in a file start from
 * where it is. Throws `config_invalid` with the place and what to do.
 */
export function readConfig({ paths, flags, environment }: ConfigSources): ReadConfig {
  const named = findSetting(environment, 'CONFIG_PATH')
  const files = paths.length > 0 || named === null ? paths : [named.value]
  const address = flags.address === undefined ? null : flagAddress('-address', flags.address)
  const selfSigned = flags.tlsSelfSigned === true
  const decided = { storage: decidedStorage(flags, files), address, selfSigned }
  const { config, warnings } = parseConfig(readSources(files), decided)
  const isAbroad = address !== null && !isLoopback(address.host)
  if (isAbroad && config.listeners.some((listener) => listener.type === 'tcp' && listener.tls === null)) {
    throw invalid(
      '-address leaves this machine, so it needs TLS: give -tls-self-signed, or a -config with ' +
        '"tls_cert_file" and "tls_key_file"',
    )
  }
  return { config: deepFrozen({ ...config, ...readLogSettings(config, flags, environment) }), warnings }
}

/** The flag wins over the environment, that over the file. */
export function readLogSettings(
  file: Pick<ServerConfig, 'logLevel' | 'logFormat'>,
  flags: ConfigFlags,
  environment: Environment,
): Pick<ServerConfig, 'logLevel' | 'logFormat'> {
  const level = flagSetting('-log-level', flags.logLevel) ?? findSetting(environment, 'LOG_LEVEL')
  const format = flagSetting('-log-format', flags.logFormat) ?? findSetting(environment, 'LOG_FORMAT')
  return {
    logLevel: level === null ? file.logLevel : oneOf(level, LOG_LEVELS),
    logFormat: format === null ? file.logFormat : oneOf(format, LOG_FORMATS),
  }
}

/** Throws `config_invalid`, naming the flag or variable. */
export function flagAddress(name: string, text: string): HostPort {
  const address = parseAddress(text)
  if (address !== null) return address
  throw invalid(`${name} must be host:port, for example 127.0.0.1:8200`)
}

export function invalid(sentence: string): OperatingError {
  return new OperatingError('config_invalid', sentence)
}

/** Nobody who is handed a configuration can change it for the others. */
export function deepFrozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) deepFrozen(member)
  return Object.freeze(value)
}

/** Without any file the folder is the usual one; a file has to say which: none is begun by mistake. */
function decidedStorage({ dataFolder }: ConfigFlags, files: readonly string[]): StorageConfig | null {
  if (dataFolder !== undefined) return { type: 'sqlite', folder: dataFolder }
  return files.length > 0 ? null : DEFAULT_CONFIG.storage
}

function flagSetting(variable: string, value: string | undefined): Setting | null {
  return value === undefined ? null : { variable, value }
}

function oneOf<Name extends string>({ variable, value }: Setting, names: readonly Name[]): Name {
  const name = names.find((known) => known === value)
  if (name === undefined) throw invalid(`${variable} must be one of: ${names.join(', ')}`)
  return name
}

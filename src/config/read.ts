import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { OperatingError } from '../base/errors.ts'
import { DEFAULT_CONFIG, LOG_LEVELS, type ServerConfig } from './config.ts'
import { isLoopback, parseAddressText, parseConfig } from './parse.ts'

/** What the command line says beside the file; it wins over the file. */
export interface ConfigFlags {
  readonly address?: string
  readonly dataFolder?: string
  readonly logLevel?: string
  readonly logFormat?: string
}

/**
 * Reads the configuration once, at start: the defaults, or one file in JSON, then the flags. Paths in a file
 * are relative to the file. Throws `config_invalid` with the file's name and the key.
 */
export function readConfig(paths: readonly string[], flags: ConfigFlags): ServerConfig {
  const [path, second] = paths
  if (second !== undefined) throw new OperatingError('config_invalid', 'this version reads one -config file')
  return withFlags(path === undefined ? DEFAULT_CONFIG : readFile(path), flags)
}

function readFile(path: string): ServerConfig {
  try {
    return relativeTo(dirname(resolve(path)), parseConfig(JSON.parse(readFileSync(path, 'utf8'))))
  } catch (error) {
    if (error instanceof OperatingError) {
      throw new OperatingError('config_invalid', `${path}: ${error.message}`, { cause: error })
    }
    throw new OperatingError('config_invalid', `${path}: ${faultOf(error)}`, { cause: error })
  }
}

function faultOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'is not JSON (HCL comes with a later version)'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return 'does not exist'
  if (code === 'EACCES') return 'may not be read by this user'
  return 'cannot be read'
}

function relativeTo(folder: string, config: ServerConfig): ServerConfig {
  const { storage } = config
  return {
    ...config,
    storage: storage.type === 'sqlite' ? { ...storage, folder: resolve(folder, storage.folder) } : storage,
    listeners: config.listeners.map((listener) => ({
      ...listener,
      tls:
        listener.tls === null
          ? null
          : {
              certFile: resolve(folder, listener.tls.certFile),
              keyFile: resolve(folder, listener.tls.keyFile),
            },
    })),
  }
}

function withFlags(config: ServerConfig, flags: ConfigFlags): ServerConfig {
  const { address, dataFolder, logLevel, logFormat } = flags
  return {
    ...config,
    ...(dataFolder === undefined ? {} : { storage: { type: 'sqlite' as const, folder: dataFolder } }),
    ...(address === undefined ? {} : { listeners: [atAddress(config, address)] }),
    ...(logLevel === undefined ? {} : { logLevel: oneOf('-log-level', logLevel, LOG_LEVELS) }),
    ...(logFormat === undefined ? {} : { logFormat: oneOf('-log-format', logFormat, ['standard', 'json']) }),
  }
}

function atAddress(config: ServerConfig, text: string): ServerConfig['listeners'][number] {
  const address = parseAddressText(text)
  const listener = config.listeners[0] ?? DEFAULT_CONFIG.listeners[0]
  if (address === null || listener === undefined) {
    throw new OperatingError('config_invalid', '-address must be host:port, for example 127.0.0.1:8200')
  }
  if (listener.tls === null && !isLoopback(address.host)) {
    throw new OperatingError(
      'config_invalid',
      '-address leaves this machine, so it needs TLS: give a -config with "tls_cert_file" and "tls_key_file"',
    )
  }
  return { ...listener, ...address }
}

function oneOf<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text)
  if (name === undefined)
    throw new OperatingError('config_invalid', `${flag} must be one of: ${names.join(', ')}`)
  return name
}

import { utf8 } from '../base/encoding.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { DEFAULT_CONFIG, type ServerConfig } from './config.ts'
import { type Environment, findSetting, tokenFile } from './environment.ts'
import { plainListener } from './listener.ts'
import { type ConfigFlags, deepFrozen, flagAddress, invalid, readLogSettings } from './read.ts'

/** What `-dev` was given. */
export interface DevFlags {
  readonly rootTokenId: string | null
  readonly listenAddress: string | null
  /** Whether the root token is left where the command line finds it. */
  readonly storesToken: boolean
}

/** A server for development: its configuration, and what opens it by itself needs. */
export interface DevConfig {
  readonly config: ServerConfig
  /** The caller owns it; `null` for a token of the server's own making. */
  readonly rootToken: SecretBytes | null
  /** Where the root token is written; `null` for nowhere. */
  readonly tokenFile: string | null
}

const DEFAULT_ADDRESS = '127.0.0.1:8200'
/** It has to fit into a header of a request. */
const TOKEN_ID = /^[!-~]{1,512}$/

/**
 * Everything in memory, plain HTTP, no file read (surface.md section 13.8). Flags win over the environment.
 * Throws `config_invalid`.
 */
export function readDevConfig(dev: DevFlags, flags: ConfigFlags, environment: Environment): DevConfig {
  const address = { variable: '-dev-listen-address', value: dev.listenAddress ?? '' }
  const chosen = dev.listenAddress === null ? findSetting(environment, 'DEV_LISTEN_ADDRESS') : address
  const { variable, value } = chosen ?? { variable: '', value: DEFAULT_ADDRESS }
  const config: ServerConfig = {
    ...DEFAULT_CONFIG,
    ...readLogSettings(DEFAULT_CONFIG, flags, environment),
    storage: { type: 'inmem' },
    listeners: [plainListener({ address: flagAddress(variable, value), selfSigned: false })],
  }
  const id = dev.rootTokenId ?? findSetting(environment, 'DEV_ROOT_TOKEN_ID')?.value ?? null
  if (id !== null && !TOKEN_ID.test(id)) {
    throw invalid('-dev-root-token-id must be 1 to 512 visible ASCII characters, as it travels in a header')
  }
  return {
    config: deepFrozen(config),
    rootToken: id === null ? null : SecretBytes.take(utf8(id)),
    tokenFile: dev.storesToken ? tokenFile(environment) : null,
  }
}

import { type ClientOptions, ConclaveClient } from '../client/conclave-client.ts'
import { type Environment, findSetting, setting, TOKEN_VARIABLES } from '../config/environment.ts'
import { clientSettings, settingsNotUsed } from './client-settings.ts'
import { UsageError } from './failure.ts'
import type { FlagValues } from './flags.ts'
import type { CliIo } from './io.ts'
import { findToken } from './own-token.ts'
import { tlsOptions } from './tls-settings.ts'

/** Where `conclave server` listens when nobody says anything else. */
export const DEFAULT_ADDRESS = 'http://127.0.0.1:8200'

/**
 * A client from flags, which win, and the environment; there an agent of this machine comes before the server
 * that it speaks for. Throws `UsageError` for files that cannot be read, and for what cannot stand in a
 * header.
 */
export async function connect(
  io: Pick<CliIo, 'env'>,
  flags: FlagValues,
  special: Special = {},
): Promise<ConclaveClient> {
  const own = special.token === undefined ? await findToken(io.env) : null
  if (own !== null && own.warning !== null) special.warn?.(own.warning)
  for (const line of settingsNotUsed(io.env)) special.warn?.(line)
  const address = flags.text('address') ?? setting(io.env, 'AGENT_ADDR') ?? setting(io.env, 'ADDR')
  const options: ClientOptions = {
    ...clientSettings(io.env),
    ...(special.timeoutMs === undefined ? {} : { timeoutMs: special.timeoutMs }),
    ...(special.deadline === undefined ? {} : { deadline: special.deadline }),
    ...(special.requests === true ? shape(io.env, flags) : {}),
    address: address ?? DEFAULT_ADDRESS,
    token: special.token ?? own?.token ?? null,
    namespace: headerSetting(io.env, flags, { flag: 'namespace', name: 'NAMESPACE' }),
    tls: await tlsOptions(io.env, flags),
  }
  return new ConclaveClient(options)
}

/** What one command wants of its client. */
interface Special {
  /** For one request, where the client's own would be too long. */
  readonly timeoutMs?: number
  /** For all requests of it together. */
  readonly deadline?: AbortSignal
  /** In place of the one of the environment. */
  readonly token?: string
  /** Takes the flags of everyday requests. */
  readonly requests?: boolean
  /** Is told what is wrong with where the token was, and what was set in vain. */
  readonly warn?: (line: string) => void
}

/** What the flags of everyday requests ask for. Throws `UsageError`. */
function shape(
  env: Environment,
  flags: FlagValues,
): Pick<ClientOptions, 'headers' | 'onlyShows' | 'wrapTtl'> {
  const headers = Object.fromEntries(flags.list('header').map(header))
  const wrapTtl = headerSetting(env, flags, { flag: 'wrap-ttl', name: 'WRAP_TTL' })
  return { headers, wrapTtl, onlyShows: flags.on('output-curl-string') }
}

/** As in the peers: `NAME=VALUE`, and none of the names that have flags and variables. */
function header(given: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(given) ?? []
  if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) {
    throw new UsageError('a header is given as -header=NAME=VALUE, in ASCII and on one line')
  }
  if (/^x-vault-/i.test(name))
    throw new UsageError(`-header may not set ${name}: it has a flag or a variable`)
  return [name, value]
}

/**
 * A setting that travels in a header, without blanks and line ends around it; `null` where there is none.
 * Throws `UsageError` that names where it was set, and not what it is.
 */
function headerSetting(
  env: Environment,
  flags: FlagValues,
  { flag, name }: { readonly flag: string; readonly name: string },
): string | null {
  const given = flags.text(flag)
  const found = given === null ? findSetting(env, name) : { variable: `-${flag}`, value: given }
  if (found === null) return null
  const value = found.value.trim()
  if (HEADER_VALUE.test(value)) return value
  throw new UsageError(`${found.variable} cannot be sent: it is to be ASCII, and on one line`)
}

/** RFC 9110 section 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/
const HEADER_VALUE = /^[\t -~]{0,8000}$/

/**
 * An environment for a program that is not to have our token. A development server is told its root token by
 * such a variable too.
 */
export function withoutTokens(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !TOKEN_VARIABLES.includes(name)))
}

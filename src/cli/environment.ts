import { readFile } from 'node:fs/promises'
import { type ClientOptions, ConclaveClient } from '../client/conclave-client.ts'
import type { TlsOptions } from '../client/transport.ts'
import { type Environment, setting, tokenFile } from '../config/environment.ts'
import { fileProblem, UsageError } from './failure.ts'
import type { FlagValues } from './flags.ts'
import type { CliIo } from './io.ts'

/** Where `conclave server` listens when nobody says anything else. */
export const DEFAULT_ADDRESS = 'http://127.0.0.1:8200'

/**
 * A client from flags, which win, and the environment. Throws `UsageError` for files that cannot be read.
 * `timeoutMs` is for one request, where the client's own would be too long.
 */
export async function connect(
  io: Pick<CliIo, 'env'>,
  flags: FlagValues,
  timeoutMs?: number,
): Promise<ConclaveClient> {
  const options: ClientOptions = {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    address: flags.text('address') ?? setting(io.env, 'ADDR') ?? DEFAULT_ADDRESS,
    token: await findToken(io.env),
    namespace: flags.text('namespace') ?? setting(io.env, 'NAMESPACE'),
    tls: await tlsOptions(io.env, flags),
  }
  return new ConclaveClient(options)
}

/** The token of the environment, else of `~/.vault-token`, else none (surface.md section 15.3). */
async function findToken(env: Environment): Promise<string | null> {
  const given = setting(env, 'TOKEN')
  if (given !== null) return given
  const file = tokenFile(env)
  if (file === null) return null
  try {
    const text = (await readFile(file, 'utf8')).trim()
    return text === '' ? null : text
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new UsageError(`the token file ${file} is of no use: ${fileProblem(error)}`)
  }
}

async function tlsOptions(env: Environment, flags: FlagValues): Promise<TlsOptions> {
  const ca = await pemFile(flags.text('ca-cert') ?? setting(env, 'CACERT'))
  const cert = await pemFile(flags.text('client-cert') ?? setting(env, 'CLIENT_CERT'))
  const key = await pemFile(flags.text('client-key') ?? setting(env, 'CLIENT_KEY'))
  const serverName = flags.text('tls-server-name') ?? setting(env, 'TLS_SERVER_NAME')
  return {
    skipVerify: flags.on('tls-skip-verify') || isTrue(setting(env, 'SKIP_VERIFY')),
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(serverName === null ? {} : { serverName }),
  }
}

async function pemFile(path: string | null): Promise<Uint8Array | null> {
  if (path === null) return null
  try {
    return await readFile(path)
  } catch (error) {
    throw new UsageError(`the PEM file ${path} is of no use: ${fileProblem(error)}`)
  }
}

/** As Go's `strconv.ParseBool`, which reads these variables in the peers' clients. */
function isTrue(text: string | null): boolean {
  return text !== null && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)
}

import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { concat, utf8 } from '../base/encoding.ts'
import type { TlsOptions } from '../client/transport.ts'
import { type Environment, findSetting, setting } from '../config/environment.ts'
import { fileProblem, UsageError } from './failure.ts'
import type { FlagValues } from './flags.ts'
import { truthOf } from './truth-setting.ts'

/** What a folder of authorities may come to: that of a system has a few hundred files. */
export const MAX_AUTHORITY_FILES = 2000
const MAX_AUTHORITIES_BYTES = 16 * 1024 * 1024

const CERTIFICATE = '-----BEGIN CERTIFICATE-----'

/** TLS by flags, which win, and the environment. Throws `UsageError` for what is no PEM. */
export async function tlsOptions(env: Environment, flags: FlagValues): Promise<TlsOptions> {
  const ca = await authorities(env, flags.text('ca-cert'))
  const cert = await pem(env, flags.text('client-cert'), 'CLIENT_CERT')
  const key = await pem(env, flags.text('client-key'), 'CLIENT_KEY')
  const serverName = flags.text('tls-server-name') ?? setting(env, 'TLS_SERVER_NAME')
  return {
    skipVerify: flags.on('tls-skip-verify') || truthOf(setting(env, 'SKIP_VERIFY')) === true,
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(serverName === null ? {} : { serverName }),
  }
}

/** A file before text before a folder, as the peers' clients choose; `null`: those of the system. */
async function authorities(env: Environment, flag: string | null): Promise<Uint8Array | null> {
  const given = await pem(env, flag, 'CACERT')
  if (given !== null) return given
  const folder = findSetting(env, 'CAPATH')
  return folder === null ? null : await pemFolder(folder.variable, folder.value)
}

/** The file that a flag or a variable names, or else the text of `…_BYTES`. */
async function pem(env: Environment, flag: string | null, name: string): Promise<Uint8Array | null> {
  const path = flag ?? setting(env, name)
  if (path !== null) return await pemFile(path)
  const bytes = findSetting(env, `${name}_BYTES`)
  if (bytes === null) return null
  if (!bytes.value.includes('-----BEGIN ')) throw new UsageError(`${bytes.variable} is no PEM text`)
  return utf8(bytes.value)
}

async function pemFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new UsageError(`the PEM file ${path} is of no use: ${fileProblem(error)}`)
  }
}

/** Every file in it that is not hidden. One that has no certificate is refused, as by the peers. */
async function pemFolder(variable: string, folder: string): Promise<Uint8Array> {
  try {
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()
    if (names.length > MAX_AUTHORITY_FILES) {
      throw new UsageError(`the folder of ${variable} has more than ${MAX_AUTHORITY_FILES} files`)
    }
    const parts: Uint8Array[] = []
    let size = 0
    for (const path of names.map((name) => join(folder, name))) {
      const { size: more, ...facts } = await fileFacts(path)
      if (!facts.isFile) continue
      size += more
      if (size > MAX_AUTHORITIES_BYTES) throw new UsageError(`the folder of ${variable} has more than 16 MiB`)
      const text = await readFile(path, 'utf8')
      if (!text.includes(CERTIFICATE)) throw new UsageError(`${path}, of ${variable}, has no certificate`)
      parts.push(utf8(`${text}\n`))
    }
    if (parts.length === 0) throw new UsageError(`the folder of ${variable} has no certificate`)
    return concat(...parts)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`the folder of ${variable} is of no use: ${fileProblem(error)}`)
  }
}

async function fileFacts(path: string): Promise<{ readonly isFile: boolean; readonly size: number }> {
  const facts = await stat(path)
  return { isFile: facts.isFile(), size: facts.size }
}

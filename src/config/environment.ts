import { join } from 'node:path'

/** The variables of a process, handed in. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Our own name first, then those of the peers, so that their scripts work as they are. */
const PREFIXES = ['CONCLAVE_', 'BAO_', 'VAULT_'] as const

/** What a server that keeps its store reads, also once it runs. */
const SERVER_SETTINGS = ['CONFIG_PATH', 'LOG_LEVEL', 'LOG_FORMAT']

/** A value and the variable or flag that gave it, for a sentence about it. */
export interface Setting {
  readonly variable: string
  readonly value: string
}

/** A setting of the environment under any of its names, or `null`. Empty counts as not set. */
export function setting(environment: Environment, name: string): string | null {
  return findSetting(environment, name)?.value ?? null
}

/** The same, with the name that it was found under. */
export function findSetting(environment: Environment, name: string): Setting | null {
  for (const prefix of PREFIXES) {
    const variable = `${prefix}${name}`
    const value = environment[variable]
    if (value !== undefined && value !== '') return { variable, value }
  }
  return null
}

/** The variables that hold a token, under all their names; a development server has one too. */
export const TOKEN_VARIABLES: readonly string[] = PREFIXES.flatMap((prefix) =>
  ['TOKEN', 'DEV_ROOT_TOKEN_ID'].map((name) => `${prefix}${name}`),
)

/** What a server is told by its environment, without the rest: a copy that may be kept. */
export function serverSettings(environment: Environment): Environment {
  const names = PREFIXES.flatMap((prefix) => SERVER_SETTINGS.map((name) => `${prefix}${name}`))
  return Object.fromEntries(names.map((name) => [name, environment[name]]))
}

/** The file in which a token waits for the command line, or `null` where there is no home for it. */
export function tokenFile(environment: Environment): string | null {
  const home = environment['HOME'] ?? environment['USERPROFILE'] ?? ''
  return setting(environment, 'TOKEN_PATH') ?? (home === '' ? null : join(home, '.vault-token'))
}

import { FORMATS } from './output.ts'

/** One flag of a command. Taken with one dash or two, as `-name=value` or `-name value`. */
export interface FlagSpec {
  readonly name: string
  /** `switch` takes no value; `list` may be given several times. */
  readonly kind: 'text' | 'number' | 'switch' | 'list'
  /** Refused when it is given twice, where the last one would silently win. */
  readonly once?: boolean
  /** The value of a flag with one, when it is given alone: `-renewable` and `-renewable=false`. */
  readonly alone?: string
  /** A short form, for example `n`. */
  readonly alias?: string
  /** One line for the help. */
  readonly help: string
  /** What stands for the value in the help: `PATH`, `FILE` and `FILES` are files, `FOLDER` is a folder. */
  readonly value?: string
  /** All values that it takes, where they can be listed; they stand in the help unless `value` does. */
  readonly choices?: readonly string[]
}

/** Flags of every command that talks to a server. */
export const CONNECTION_FLAGS: readonly FlagSpec[] = [
  { name: 'address', kind: 'text', help: 'address of the server' },
  { name: 'ca-cert', kind: 'text', value: 'FILE', help: 'PEM file of the authority to trust' },
  { name: 'client-cert', kind: 'text', value: 'FILE', help: 'PEM file of the certificate to show' },
  { name: 'client-key', kind: 'text', value: 'FILE', help: 'PEM file of its key' },
  { name: 'tls-server-name', kind: 'text', help: 'name expected in the certificate' },
  { name: 'tls-skip-verify', kind: 'switch', help: 'talk to anybody who answers' },
  { name: 'namespace', kind: 'text', alias: 'ns', help: 'namespace of the request' },
]

/** Flags of everyday requests (surface.md section 15.3). */
export const REQUEST_FLAGS: readonly FlagSpec[] = [
  { name: 'wrap-ttl', kind: 'text', value: 'TIME', help: 'wrap the answer for so long: 60s, 5m' },
  { name: 'header', kind: 'list', value: 'NAME=VALUE', help: 'one more header of the request' },
  { name: 'output-curl-string', kind: 'switch', help: 'show the request and send nothing' },
]

/** Flags of every command. */
export const GENERAL_FLAGS: readonly FlagSpec[] = [
  { name: 'help', kind: 'switch', alias: 'h', help: 'show this' },
  { name: 'no-color', kind: 'switch', help: 'no colour' },
  { name: 'non-interactive', kind: 'switch', alias: 'no-input', help: 'fail instead of asking' },
]

/** `-format`, of commands that answer with data. `-json` is short for `-format=json`. */
export const FORMAT_FLAG: FlagSpec = {
  name: 'format',
  kind: 'text',
  value: 'FORM',
  choices: FORMATS,
  help: `form of the answer: ${FORMATS.join(', ')}`,
}

/** `-data`, of commands that work on the files of a store. */
export const DATA_FLAG: FlagSpec = {
  name: 'data',
  kind: 'text',
  value: 'FOLDER',
  help: 'folder of the store (./data)',
}

/** The folder that `DATA_FLAG` names, or where `conclave server` keeps its store without flags. */
export function dataFolder(flags: FlagValues): string {
  return flags.text('data') ?? './data'
}

/** The peers' common flags that this version does not have. Naming them beats "not defined". */
export const LATER_FLAGS: readonly string[] = [
  'agent-address',
  'ca-path',
  'disable-redirects',
  'mfa',
  'output-policy',
  'policy-override',
  'unlock-key',
]

/** What was given for a command's flags. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, string | number | boolean | readonly string[]>

  constructor(values: ReadonlyMap<string, string | number | boolean | readonly string[]>) {
    this.#values = values
  }

  /** Whether a switch was given. */
  on(name: string): boolean {
    return this.#values.get(name) === true
  }

  /** Text of a flag, or `null` when it was not given. */
  text(name: string): string | null {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : null
  }

  /** Number of a flag, or `null` when it was not given. */
  number(name: string): number | null {
    const value = this.#values.get(name)
    return typeof value === 'number' ? value : null
  }

  /** Every value of a flag that may be given several times. */
  list(name: string): readonly string[] {
    const value = this.#values.get(name)
    return Array.isArray(value) ? value : []
  }
}

import { type CommandSpec, flagsOf } from '../command.ts'
import { type Choice, COMMANDS, chooseCommand } from '../commands.ts'
import { CONNECTION_FLAGS, type FlagSpec } from '../flags.ts'
import type { PathKind } from './live-paths.ts'
import type { TypedLine } from './typed-line.ts'

/** What may stand in the place of the word that is being typed. */
export interface Answer {
  readonly kind: AnswerKind
  readonly candidates: readonly Candidate[]
}

/**
 * `words` of our own, which no shell has to quote; `paths` of the server; `files` and `folders` of this
 * machine, which the shell itself knows.
 */
export type AnswerKind = 'words' | 'paths' | 'files' | 'folders'

export interface Candidate {
  /** The whole word. */
  readonly value: string
  /** One line; empty for none. */
  readonly description: string
}

/** The paths directly below what has been typed, or that complete it. Never rejects. */
export type LivePaths = (typed: string, kind: PathKind) => Promise<readonly string[]>

const NOTHING: Answer = { kind: 'words', candidates: [] }

/** The candidates for a line, from the tables that parse it; the paths of the server from `livePaths`. */
export async function answerTo(line: TypedLine, livePaths: LivePaths): Promise<Answer> {
  const choice = chooseCommand(line.words)
  if (choice.kind === 'group') return begun(line.current, commandWords(choice.name))
  const found = choice.kind === 'command' ? await loaded(choice) : null
  if (found === null) return NOTHING
  const typed = readTyped(found.rest, flagsOf(found.spec))
  // Nothing is sent to a server that was only typed, before the line is entered.
  const ask: LivePaths = typed.namesServer ? async () => [] : livePaths
  const mounts = mountBegun(line.current, typed)
  if (mounts !== null) return await paths(mounts, ask, 'mounts')
  if (typed.waiting !== null) return forValue(typed.waiting, line.current, '')
  if (line.current.startsWith('-') && !typed.onlyOperands) return forFlag(line.current, typed)
  const expected = operandAt(found.spec, typed.operands)
  if (expected === 'PATH' && typed.namesServer) return NOTHING
  if (expected === 'PATH') return await paths(pathBegun(line.current, typed), ask, kindOf(found.spec, typed))
  return expected === undefined ? NOTHING : forValue(operandValue(expected), line.current, '')
}

/** What of a word is a path of the server, and what stands around it there or here. */
interface Begun {
  /** In the word, and of no meaning to the server. */
  readonly before: string
  /** For the server, and not in the word. */
  readonly above: string
  readonly typed: string
}

async function paths({ before, above, typed }: Begun, ask: LivePaths, kind: PathKind): Promise<Answer> {
  const found = await ask(above + typed, kind)
  const candidates = found.map((path) => before + path.slice(above.length))
  return { kind: 'paths', candidates: plain(candidates) }
}

/** The mount that is being typed, behind `-mount=` or `-mount`; `null` where none is. */
function mountBegun(current: string, { flags, waiting, onlyOperands }: Typed): Begun | null {
  if (waiting?.value === MOUNT) return { before: '', above: '', typed: current }
  const [, before = '', name = '', typed = ''] = /^(--?([^=]*)=)(.*)$/s.exec(current) ?? []
  const isMount = flags.some((flag) => flag.value === MOUNT && flag.name === name)
  return isMount && !onlyOperands ? { before, above: '', typed } : null
}

/** Below the mount of `-mount`, where it was given. */
function pathBegun(current: string, typed: Typed): Begun {
  return {
    before: '',
    above: typed.mount === null ? '' : `${typed.mount.replace(/\/+$/, '')}/`,
    typed: current,
  }
}

function kindOf(spec: CommandSpec, { mount }: Typed): PathKind {
  if (spec.paths !== 'kv') return 'logical'
  return mount === null ? 'kv' : 'literal'
}

/** In the help, for the value of a flag that is the path of a mount of KV. */
const MOUNT = 'MOUNT'

async function loaded(
  choice: Extract<Choice, { kind: 'command' }>,
): Promise<{ readonly spec: CommandSpec; readonly rest: readonly string[] }> {
  const { command } = await choice.entry.load()
  return { spec: command, rest: choice.rest }
}

/** The words that follow `group` in the names of commands; behind the first of two, what all of them are. */
function commandWords(group: string): readonly Candidate[] {
  const words = new Map<string, string>()
  for (const { name, summary } of COMMANDS) {
    if (group !== '' && !name.startsWith(`${group} `)) continue
    const [word = '', ...more] = name.slice(group === '' ? 0 : group.length + 1).split(' ')
    const before = words.get(word)
    const told = more.length === 0 ? summary : more.join(' ')
    words.set(word, before === undefined ? told : `${before}, ${told}`)
  }
  return [...words].map(([value, description]) => ({ value, description }))
}

/** What stands behind the name of a command, as far as it can be understood: nothing in it is refused. */
interface Typed {
  readonly flags: readonly FlagSpec[]
  readonly given: ReadonlySet<FlagSpec>
  /** How many operands. */
  readonly operands: number
  /** The flag whose value comes next. */
  readonly waiting: FlagSpec | null
  /** Behind `--`. */
  readonly onlyOperands: boolean
  readonly namesServer: boolean
  /** The value of `-mount`. */
  readonly mount: string | null
}

function readTyped(rest: readonly string[], flags: readonly FlagSpec[]): Typed {
  const given = new Set<FlagSpec>()
  let operands = 0
  let waiting: FlagSpec | null = null
  let onlyOperands = false
  let mount: string | null = null
  for (const word of rest) {
    if (waiting !== null) {
      if (waiting.name === 'mount') mount = word
      waiting = null
    } else if (onlyOperands || !word.startsWith('-') || word === '-') operands++
    else if (word === '--') onlyOperands = true
    else {
      const [name, ...values] = word.replace(/^--?/, '').split('=')
      const flag = flags.find((one) => one.name === name || one.alias === name)
      if (flag === undefined) continue
      given.add(flag)
      const isAlone = !word.includes('=')
      if (flag.name === 'mount' && !isAlone) mount = values.join('=')
      if (flag.kind !== 'switch' && flag.alone === undefined && isAlone) waiting = flag
    }
  }
  const namesServer = CONNECTION_FLAGS.some((flag) => given.has(flag))
  return { flags, given, operands, waiting, onlyOperands, namesServer, mount }
}

/** Of `-name` the flags; of `-name=value` the values. With as many dashes as were typed. */
function forFlag(current: string, { flags, given }: Typed): Answer {
  const dashes = current.startsWith('--') ? '--' : '-'
  const equals = current.indexOf('=')
  if (equals >= 0) {
    const name = current.slice(dashes.length, equals)
    const flag = flags.find((one) => one.kind !== 'switch' && (one.name === name || one.alias === name))
    return flag === undefined ? NOTHING : forValue(flag, current, current.slice(0, equals + 1))
  }
  const open = flags.filter((flag) => flag.kind === 'list' || !given.has(flag))
  const candidates = open.map((flag) => ({
    value: `${dashes}${flag.name}${flag.kind === 'switch' ? '' : '='}`,
    description: flag.help,
  }))
  return begun(current, candidates)
}

/** What the help calls the operand behind `count` others; `undefined` where there is none. */
function operandAt(spec: CommandSpec, count: number): string | undefined {
  if (count >= spec.arity[1]) return undefined
  const names = spec.operands.split(' ').map((name) => name.replace(/[[\]…]/g, ''))
  const known = names.filter((name) => name !== '')
  return known[Math.min(count, known.length - 1)]
}

const CHOICES = /^[a-z0-9]+(?:\|[a-z0-9]+)+$/

/** An operand named as a flag's value is: words of small letters, `bash|zsh`, are all that it takes. */
function operandValue(expected: string): Pick<FlagSpec, 'value' | 'choices'> {
  return CHOICES.test(expected) ? { choices: expected.split('|') } : { value: expected }
}

/** `before` stands in front of the value, in the same word. */
function forValue(
  { value, choices }: Pick<FlagSpec, 'value' | 'choices'>,
  current: string,
  before: string,
): Answer {
  if (choices !== undefined) return begun(current, plain(choices.map((choice) => before + choice)))
  const [name = ''] = (value ?? '').split('|')
  if (name === 'FOLDER') return { kind: 'folders', candidates: [] }
  return ['FILE', 'FILES', 'PATH'].includes(name) ? { kind: 'files', candidates: [] } : NOTHING
}

function begun(current: string, candidates: readonly Candidate[]): Answer {
  return { kind: 'words', candidates: candidates.filter(({ value }) => value.startsWith(current)) }
}

function plain(values: readonly string[]): readonly Candidate[] {
  return values.map((value) => ({ value, description: '' }))
}

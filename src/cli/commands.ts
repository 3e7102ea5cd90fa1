import type { CommandSpec } from './command.ts'
import { EVERYDAY_COMMANDS } from './everyday-commands.ts'

/** A command that can be called. Its file is loaded only when it is. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<{ readonly command: CommandSpec }>
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'server', summary: 'run a server', load: () => import('./server.ts') },
  { name: 'status', summary: 'is the server open, and what does it need', load: () => import('./status.ts') },
  { name: 'operator init', summary: 'set up a new server', load: () => import('./operator-init.ts') },
  { name: 'operator unseal', summary: 'give a share to open', load: () => import('./operator-unseal.ts') },
  { name: 'operator seal', summary: 'close the server', load: () => import('./operator-seal.ts') },
  {
    name: 'operator diagnose',
    summary: 'is everything as it has to be',
    load: () => import('./operator-diagnose.ts'),
  },
  {
    name: 'custody rekey',
    summary: 'change the shares, step by step',
    load: () => import('./custody-rekey.ts'),
  },
  { name: 'custody status', summary: 'which shares open it', load: () => import('./custody-status.ts') },
  {
    name: 'custody journal',
    summary: 'who gave shares, and what was refused',
    load: () => import('./custody-journal.ts'),
  },
  { name: 'operator rekey', summary: 'change the shares', load: () => import('./operator-rekey.ts') },
  {
    name: 'operator rotate-keys',
    summary: 'change the shares, with a token',
    load: () => import('./operator-rotate-keys.ts'),
  },
  {
    name: 'operator generate-root',
    summary: 'make a root token',
    load: () => import('./operator-generate-root.ts'),
  },
  { name: 'operator rotate', summary: 'make a new data key', load: () => import('./operator-rotate.ts') },
  {
    name: 'operator key-status',
    summary: 'which data key is in use',
    load: () => import('./operator-key-status.ts'),
  },
  {
    name: 'operator step-down',
    summary: 'let another server take over',
    load: () => import('./operator-step-down.ts'),
  },
  {
    name: 'operator members',
    summary: 'the servers of a cluster',
    load: () => import('./operator-members.ts'),
  },
  ...EVERYDAY_COMMANDS,
  {
    name: 'snapshot save',
    summary: 'copy a store, also a running one',
    load: () => import('./snapshot-save.ts'),
  },
  { name: 'snapshot inspect', summary: 'what a snapshot holds', load: () => import('./snapshot-inspect.ts') },
  { name: 'snapshot restore', summary: 'make a store of it', load: () => import('./snapshot-restore.ts') },
  {
    name: 'transcript list',
    summary: 'ceremonies, newest first',
    load: () => import('./transcript-list.ts'),
  },
  {
    name: 'transcript export',
    summary: 'who agreed to what, as a file',
    load: () => import('./transcript-export.ts'),
  },
  {
    name: 'transcript verify',
    summary: 'check such a file, offline',
    load: () => import('./transcript-verify.ts'),
  },
  {
    name: 'store discard',
    summary: 'remove one that was never opened',
    load: () => import('./store-discard.ts'),
  },
  {
    name: 'completion',
    summary: 'complete commands and keys in a shell',
    load: () => import('./completion.ts'),
  },
  { name: 'demo', summary: 'see a life of keys on a real server', load: () => import('./demo.ts') },
  { name: 'version', summary: 'which version this is', load: () => import('./version.ts') },
]

/** Of the name of a command. */
const MOST_WORDS = 3

/** What the words of a call name: a command and what follows, or a group of commands whose help is wanted. */
export type Choice =
  | { readonly kind: 'command'; readonly entry: CommandEntry; readonly rest: readonly string[] }
  | { readonly kind: 'group'; readonly name: string; readonly asked: boolean }
  | { readonly kind: 'unknown'; readonly name: string }

const HELP = new Set(['-h', '-help', '--help', 'help'])
const VERSION = new Set(['-v', '-version', '--version'])

/** Finds the command that `argv` begins with. */
export function chooseCommand(argv: readonly string[]): Choice {
  const [first] = argv
  if (first !== undefined && VERSION.has(first)) return chooseCommand(['version', ...argv.slice(1)])
  if (first === undefined || HELP.has(first)) return { kind: 'group', name: '', asked: first !== undefined }
  for (let words = MOST_WORDS; words > 0; words--) {
    const name = argv.slice(0, words).join(' ')
    const entry = COMMANDS.find((candidate) => candidate.name === name)
    if (entry !== undefined) return { kind: 'command', entry, rest: argv.slice(words) }
  }
  const group = groupOf(argv)
  const next = argv[group.length]
  const name = group.join(' ')
  if (group.length === 0 || (next !== undefined && !HELP.has(next))) {
    return { kind: 'unknown', name: `${name} ${next ?? ''}`.trim() }
  }
  return { kind: 'group', name, asked: next !== undefined }
}

/** The words that `argv` begins with, as far as commands begin with them. */
function groupOf(argv: readonly string[]): readonly string[] {
  for (let words = MOST_WORDS - 1; words > 0; words--) {
    const begin = argv.slice(0, words)
    if (begin.length === words && isGroup(begin.join(' '))) return begin
  }
  return []
}

function isGroup(name: string): boolean {
  return COMMANDS.some((candidate) => candidate.name.startsWith(`${name} `))
}

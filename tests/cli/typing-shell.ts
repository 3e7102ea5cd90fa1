import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../source/tree.ts'

/** Where a shell runs: a home of its own, and what it knows of a server. */
export interface Place {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}

/** Completes `read TYPED` by the Tab key and enters it; the arguments that the shell then makes of it. */
export type Typist = (place: Place, typed: readonly string[]) => Promise<readonly (readonly string[])[]>

/** How often a line is typed again that came to nothing: on a busy machine a server answers too late. */
const TRIES = 8
const DEADLINE_MS = 120_000

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

/** The shells with what types in them. fish tells by itself what it would put into the line. */
export const TYPISTS: Readonly<Record<'bash' | 'zsh' | 'fish', Typist>> = {
  bash: (place, typed) => atTerminal(place, typed, bashCommand(place)),
  zsh: (place, typed) => atTerminal(place, typed, zshCommand(place)),
  fish: inFish,
}

/** Stands for a command: its arguments go to the screen between marks that no echo has. */
const SHOWN = `shown() { printf '\\001'; printf '%s\\002' "$@"; printf '\\003'; }`

function bashCommand({ folder }: Place): string {
  const lines = [`source ${ROOT}/completions/conclave.bash`, SHOWN, 'complete -F _conclave_complete shown']
  writeFileSync(join(folder, 'bashrc'), `${lines.join('\n')}\n`)
  return 'bash --noprofile --rcfile bashrc -i'
}

function zshCommand({ folder }: Place): string {
  const lines = ['autoload -Uz compinit && compinit -u -D', `source ${ROOT}/completions/conclave.zsh`]
  writeFileSync(join(folder, '.zshrc'), `${[...lines, SHOWN, 'compdef _conclave shown'].join('\n')}\n`)
  return 'zsh -i'
}

/** A person at a terminal, which `script` of util-linux is. */
async function atTerminal(
  { folder, env }: Place,
  typed: readonly string[],
  command: string,
): Promise<readonly (readonly string[])[]> {
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: { ...env, TERM: 'xterm', ZDOTDIR: folder, HISTFILE: '/dev/null' },
  })
  terminal.stdin.on('error', () => undefined)
  const timer = setTimeout(() => terminal.kill('SIGKILL'), DEADLINE_MS)
  try {
    const found: (readonly string[])[] = []
    for (const word of typed) found.push(await completed(terminal, word))
    return found
  } finally {
    clearTimeout(timer)
    terminal.stdin.end('exit\n')
  }
}

async function completed(terminal: ChildProcessWithoutNullStreams, word: string): Promise<readonly string[]> {
  let entered: readonly string[] = []
  for (let tries = 0; tries < TRIES; tries++) {
    const shown = nextShown(terminal)
    terminal.stdin.write(`shown read ${word}\t\n`)
    entered = await shown
    if (entered[1] !== word) break
  }
  return entered
}

function nextShown(terminal: ChildProcessWithoutNullStreams): Promise<readonly string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
  let screen = ''
  const look = (piece: Buffer): void => {
    screen += piece.toString('latin1')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the marks of `shown`
    const found = /\u0001([^\u0003]*)\u0003/.exec(screen)?.[1]
    if (found !== undefined) resolve(Buffer.from(found, 'latin1').toString().split('\u0002').slice(0, -1))
  }
  const ended = (): void => reject(new Error(`the shell ended: ${JSON.stringify(screen)}`))
  terminal.stdout.on('data', look).once('close', ended)
  return promise.finally(() => terminal.stdout.off('data', look).off('close', ended))
}

/** \`complete --escape\` prints what the Tab key would put into the line. */
const FISH = `
source ${ROOT}/completions/conclave.fish
for typed in $argv
    for try in (seq ${TRIES})
        set -g found (complete --escape -C "conclave read $typed")
        test (count $found) -gt 0; and break
    end
    set -l whole $typed
    test (count $found) -eq 1; and set whole (string split -f1 \\t -- $found[1])
    eval "printf '%s\\x02' read $whole"
    printf '\\x03'
end
`

async function inFish(
  { folder, env }: Place,
  typed: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const fish = spawn('fish', ['--no-config', '-c', FISH, ...typed], {
    cwd: folder,
    env,
    timeout: DEADLINE_MS,
  })
  const pieces: Buffer[] = []
  for await (const piece of fish.stdout) pieces.push(piece)
  const lines = Buffer.concat(pieces).toString().split('\u0003').slice(0, -1)
  return lines.map((line) => line.split('\u0002').slice(0, -1))
}

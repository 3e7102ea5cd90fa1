import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** No command takes longer, but for those that wait for something that does not come. */
const COMMAND_LIMIT_MS = 20_000

/** Commands that have commands below them, and are one. */
const DOES_SOMETHING_ITSELF = ['agent']

export interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** The command line of OpenBao, with a home of its own: nobody's token helper and nobody's token are read. */
export class Bao {
  readonly #binary: string
  readonly #environment: NodeJS.ProcessEnv
  readonly home: string
  token = ''

  constructor(binary: string, address: string, home: string, more: NodeJS.ProcessEnv = {}) {
    this.#binary = binary
    this.home = home
    this.#environment = { ...process.env, ...more, BAO_ADDR: address, HOME: home }
  }

  /** One command, with the token in its environment where there is one. */
  run(words: readonly string[], input = ''): Said {
    const env = { ...this.#environment, ...(this.token === '' ? {} : { BAO_TOKEN: this.token }) }
    const options = { env, input, cwd: this.home, encoding: 'utf8', timeout: COMMAND_LIMIT_MS } as const
    const { status, stdout, stderr, error } = spawnSync(this.#binary, words, options)
    if (error !== undefined) throw error
    return { code: status, out: stdout, err: stderr }
  }

  /** A command that must succeed; what it prints, without the end of the line. */
  text(...words: readonly string[]): string {
    const { code, out, err } = this.run(words)
    assert.equal(code, 0, `${words.slice(0, 2).join(' ')}: ${err}${out}`)
    return out.trimEnd()
  }

  /** The same with `-format=json`; what that is. The command itself is one word or several. */
  // biome-ignore lint/suspicious/noExplicitAny: each command prints another shape
  json(command: string, ...words: readonly string[]): any {
    return JSON.parse(this.text(...command.split(' '), '-format=json', ...words))
  }

  /** A command that must fail with this exit code, and say this on one of its streams. */
  refused(exit: number, says: string, ...words: readonly string[]): void {
    const { code, out, err } = this.run(words)
    assert.equal(code, exit, err + out)
    assert.ok((err + out).includes(says), err + out)
  }

  /** The same program for another caller. */
  as(token: string): Bao {
    const other = new Bao(this.#binary, this.#environment['BAO_ADDR'] ?? '', this.home, this.#environment)
    other.token = token
    return other
  }

  path(name: string): string {
    return join(this.home, name)
  }

  /** Every command that there is, `kv metadata get` and all, as the help has them. */
  commands(words: readonly string[] = []): readonly string[] {
    const help = this.run([...words, '-h'])
    const [, list] = /\n(?:Sub|Common )commands:\n(.*)$/s.exec(help.out + help.err) ?? []
    if (list === undefined) return [words.join(' ')]
    const own = DOES_SOMETHING_ITSELF.includes(words.join(' ')) ? [words.join(' ')] : []
    const names = [...list.matchAll(/^ {4}([a-z][a-z-]*) {2,}\S/gm)].map(([, name]) => name ?? '')
    return [...own, ...names.flatMap((name) => this.commands([...words, name]))]
  }
}

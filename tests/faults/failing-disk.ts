import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

const SOURCE = new URL('./failing-disk.c', import.meta.url).pathname

export type Call = 'fsync' | 'write' | 'read' | 'create'

/** Has system calls of one process fail for the files of its store, by what stands before its C library. */
export class FailingDisk {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** `null` where there is no C compiler, or no way to stand before the C library. */
  static build(): FailingDisk | null {
    if (process.platform !== 'linux') return null
    const folder = mkdtempSync(join(tmpdir(), 'conclave-failing-'))
    const disk = new FailingDisk(folder)
    disk.heal()
    const flags = ['-O1', '-shared', '-fPIC', '-o', join(folder, 'failing-disk.so'), SOURCE, '-ldl']
    if (spawnSync('gcc', flags).status === 0) return disk
    disk.remove()
    return null
  }

  /** For the environment of the process; its store is in `folder`. */
  environment(folder: string): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: join(this.#folder, 'failing-disk.so'),
      FAILING_ORDERS: join(this.#folder, 'orders'),
      FAILING_PREFIX: join(folder, 'conclave.db'),
    }
  }

  /** From now on each of `calls` fails with `error`, until `heal`. */
  fail(calls: readonly Call[], error: keyof typeof constants.errno): void {
    const number = constants.errno[error]
    writeFileSync(join(this.#folder, 'orders'), calls.map((call) => `${call} ${number}\n`).join(''))
  }

  heal(): void {
    writeFileSync(join(this.#folder, 'orders'), '')
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}

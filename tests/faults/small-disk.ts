import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const MIB = 1024 * 1024
/** From large to small, so that not a page is left. */
const PIECES = [MIB, 64 * 1024, 4096]

/** A disk of its own for a test: only root may mount one. */
export class SmallDisk {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** In memory; `null` where this user may not mount it. */
  static inMemory(mebibytes: number): SmallDisk | null {
    const disk = new SmallDisk(mkdtempSync(join(tmpdir(), 'conclave-disk-')))
    return disk.#mount('-t', 'tmpfs', '-o', `size=${mebibytes * MIB},mode=700`, 'tmpfs')
  }

  /** ext4 in a file, which an error makes read-only, as it does a disk; `null` where that cannot be had. */
  static ext4(mebibytes: number): SmallDisk | null {
    const disk = new SmallDisk(mkdtempSync(join(tmpdir(), 'conclave-disk-')))
    writeFileSync(disk.#image, '')
    truncateSync(disk.#image, mebibytes * MIB)
    spawnSync('mkfs.ext4', ['-q', '-F', disk.#image])
    return disk.#mount('-o', 'loop,errors=remount-ro', disk.#image)
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  /** To the last page. */
  fill(): void {
    const file = openSync(join(this.path, 'ballast'), 'a')
    for (const size of PIECES) writeUntilFull(file, new Uint8Array(size))
    closeSync(file)
  }

  makeRoom(): void {
    rmSync(join(this.path, 'ballast'))
  }

  /** Whether it could be: not to `ro` while a file is open for writing. */
  remount(how: 'ro' | 'rw'): boolean {
    return spawnSync('mount', ['-o', `remount,${how}`, this.path]).status === 0
  }

  /** Has ext4 find an error, which makes it read-only whatever is open. Whether the kernel has that knob. */
  findError(): boolean {
    const { stdout } = spawnSync('findmnt', ['-n', '-o', 'SOURCE', this.path], { encoding: 'utf8' })
    try {
      writeFileSync(`/sys/fs/ext4/${basename(stdout.trim())}/trigger_fs_error`, 'a test of Conclave\n')
      return true
    } catch {
      return false
    }
  }

  /** Whatever is still open on it: what holds it is of this test. */
  unmount(): void {
    spawnSync('umount', ['-l', this.path])
    this.#remove()
  }

  get #image(): string {
    return `${this.path}.ext4`
  }

  #mount(...what: readonly string[]): SmallDisk | null {
    if (spawnSync('mount', [...what, this.path]).status === 0) return this
    this.#remove()
    return null
  }

  #remove(): void {
    rmSync(this.path, { recursive: true })
    rmSync(this.#image, { force: true })
  }
}

function writeUntilFull(file: number, piece: Uint8Array): void {
  try {
    while (writeSync(file, piece) === piece.length);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}

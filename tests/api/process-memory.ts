import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

/** A secret in one of the forms in which it could lie in memory, and which form that is. */
export interface Needle {
  readonly name: string
  readonly bytes: Uint8Array
}

const CHUNK_BYTES = 1 << 24
/** More than any needle has, so that none hides across two chunks. */
const OVERLAP_BYTES = 256

/** How often each needle that was found is in the memory of a process of this user (proc(5), Linux). */
export function residue(pid: number, needles: readonly Needle[]): ReadonlyMap<Needle, number> {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const found = new Map<Needle, number>()
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  const sought = new Haystack(needles)
  try {
    for (const { start, end } of readableRanges(pid)) {
      for (let at = start; at < end; at += BigInt(CHUNK_BYTES - OVERLAP_BYTES)) {
        const wanted = end - at < CHUNK_BYTES ? Number(end - at) : CHUNK_BYTES
        const seen = chunk.subarray(0, readAt(memory, chunk.subarray(0, wanted), at))
        sought.eachIn(seen, (needle) => void found.set(needle, (found.get(needle) ?? 0) + 1))
      }
    }
  } finally {
    closeSync(memory)
  }
  return found
}

/** Looks for many needles in one pass: by their first two bytes, then in full. */
class Haystack {
  readonly #byHead = new Map<number, Needle[]>()
  readonly #heads = new Uint8Array(1 << 16)

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      const head = ((needle.bytes[0] ?? 0) << 8) | (needle.bytes[1] ?? 0)
      this.#heads[head] = 1
      this.#byHead.set(head, [...(this.#byHead.get(head) ?? []), needle])
    }
  }

  eachIn(bytes: Buffer, tell: (needle: Needle) => void): void {
    let head = bytes[0] ?? 0
    for (let at = 1; at < bytes.length; at++) {
      head = ((head << 8) & 0xffff) | (bytes[at] ?? 0)
      if (this.#heads[head] === 0) continue
      for (const needle of this.#byHead.get(head) ?? []) {
        const end = at - 1 + needle.bytes.length
        if (end <= bytes.length && bytes.subarray(at - 1, end).equals(needle.bytes)) tell(needle)
      }
    }
  }
}

/** A share given in hex: raw, as both texts of the API, and as a string of two bytes a letter. */
export function shareNeedles(hex: string): readonly Needle[] {
  const raw = Buffer.from(hex, 'hex')
  return [
    { name: 'raw', bytes: raw },
    { name: 'hex', bytes: Buffer.from(hex) },
    { name: 'base64', bytes: Buffer.from(raw.toString('base64')) },
    { name: 'wide', bytes: Buffer.from(hex, 'utf16le') },
  ]
}

function readableRanges(pid: number): readonly { readonly start: bigint; readonly end: bigint }[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').trim().split('\n')
  return lines.flatMap((line) => {
    const [, start, end, rights, name] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? []
    // The kernel's own pages: they hold nothing of the process, and cannot all be read.
    if (!rights?.startsWith('r') || name?.startsWith('[v')) return []
    return [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }]
  })
}

/** How many bytes could be read; 0 for a range that went away in between. */
function readAt(memory: number, target: Uint8Array, position: bigint): number {
  try {
    return readSync(memory, target, 0, target.length, position)
  } catch {
    return 0
  }
}

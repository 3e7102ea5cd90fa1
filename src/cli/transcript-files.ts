import { createReadStream } from 'node:fs'
import { concat } from '../base/encoding.ts'
import { MAX_EXPORT_BYTES } from '../base/limits.ts'
import { fileProblem, UsageError } from './failure.ts'
import type { CliIo } from './io.ts'

const NEWLINE = 0x0a

/** The lines of a file, or of standard input for `-`, without their newlines. Throws `UsageError`. */
export async function readLines(io: CliIo, file: string): Promise<readonly Uint8Array[]> {
  const stream = file === '-' ? io.stdin : createReadStream(file)
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of stream) {
      const bytes: Uint8Array = chunk
      length += bytes.length
      if (length > MAX_EXPORT_BYTES) break
      chunks.push(bytes)
    }
  } catch (error) {
    throw new UsageError(`${file}: ${fileProblem(error)}`)
  }
  if (length > MAX_EXPORT_BYTES) {
    throw new UsageError(`${file}: it is larger than 256 MiB; export in parts, with -after`)
  }
  return split(concat(...chunks))
}

/** A last line may be without its newline; an empty line in between is one that does not belong there. */
function split(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = []
  let start = 0
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline === -1 ? bytes.length : newline
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return lines
}

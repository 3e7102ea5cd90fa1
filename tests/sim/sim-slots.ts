import { JOURNAL_BYTES, JOURNAL_LINE_BYTES } from '../../src/base/limits.ts'
import type { SlotFile } from '../../src/ceremony/journal/slots.ts'

/** The journal's file in memory: it outlives the process that a test lets die, and fails where one says. */
export class SimSlots implements SlotFile {
  readonly bytes: Uint8Array
  /** Every write and sync fails, as on a disk that is gone. */
  isBroken = false
  writes = 0

  constructor(bytes: Uint8Array = new Uint8Array(JOURNAL_BYTES)) {
    this.bytes = bytes.slice()
  }

  /** What a new process finds. */
  reopened(): SimSlots {
    return new SimSlots(this.bytes)
  }

  read(): Uint8Array {
    return this.bytes.slice()
  }

  write(slot: number, line: Uint8Array): void {
    this.#expectWhole()
    this.writes++
    this.bytes.set(line, slot * JOURNAL_LINE_BYTES)
  }

  async sync(): Promise<void> {
    this.#expectWhole()
  }

  close(): void {}

  #expectWhole(): void {
    if (this.isBroken) throw new Error('EIO')
  }
}

import { writeSync } from 'node:fs'
import { openFileJournal } from '../../src/ceremony/journal/file-journal.ts'
import { nodePrimitives } from '../../src/crypto/node/primitives.ts'
import { systemClock } from '../../src/server/system-ports.ts'

/** Writes into the journal of a folder until it is killed, and says after each line which one it was. */
const [folder = ''] = process.argv.slice(2)
const log = { warn: (event: string): void => void writeSync(2, `${event}\n`) }
const journal = openFileJournal(folder, { clock: systemClock, hashing: nodePrimitives, log })
for (let number = (journal.entries().at(-1)?.sequence ?? 0) + 1; ; number++) {
  journal.record({ kind: 'seal', event: 'completed', source: `line-${number}` })
  writeSync(1, `${number}\n`)
}

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { failureOf, GroupWriter } from './group-writer.ts'
import { commitError, storageError } from './sqlite-errors.ts'
import {
  type FromWriter,
  OPENED_ID,
  type ToWriter,
  type WriterBatch,
  type WriterData,
  type WriterResult,
} from './writer-messages.ts'

/** The most batches of one transaction; later ones go into the next. */
const MAX_GROUP_BATCHES = 1024

/*
 * The writer thread of a store. It commits in groups: all batches that came while a commit was under way go
 * into the next transaction.
 */
const port = parentPort
assert(port !== null, 'the writer runs in a worker thread')
const waiting: WriterBatch[] = []
// Our own main thread made it.
const data: WriterData = workerData
const { path } = data
const writer = open()

if (writer === null) port.close()
else port.on('message', (message: ToWriter) => take(writer, message))

function take(to: GroupWriter, message: ToWriter): void {
  switch (message.type) {
    case 'commit':
      // Batches that are already in the mailbox join this group: they are delivered before the immediate.
      if (waiting.length === 0) setImmediate(() => flush(to))
      for (const batch of message.batches) waiting.push(batch)
      return
    case 'scrub':
      flush(to)
      answer([attempt(message.id, () => to.scrub())])
      return
    case 'check':
      answer([attempt(message.id, () => to.check(message.tries))])
      return
    case 'close':
      flush(to)
      answer([attempt(message.id, () => to.close())])
      port?.close()
  }
}

function flush(to: GroupWriter): void {
  while (waiting.length > 0) answer(to.commit(waiting.splice(0, MAX_GROUP_BATCHES)))
}

function attempt(id: number, act: () => void): WriterResult {
  try {
    act()
    return { id, failure: null }
  } catch (error) {
    return { id, failure: failureOf(commitError(error, path)) }
  }
}

function open(): GroupWriter | null {
  try {
    const opened = new GroupWriter(data)
    answer([{ id: OPENED_ID, failure: null }])
    return opened
  } catch (error) {
    answer([{ id: OPENED_ID, failure: failureOf(storageError(error, path)) }])
    return null
  }
}

function answer(results: FromWriter): void {
  port?.postMessage(results)
}

import { kv } from '../../src/engines/kv/kv.ts'
import { envelope } from '../../src/http/envelope.ts'
import { writeJson } from '../../src/http/json-writer.ts'
import type { Mounted, StorageView } from '../../src/logical/backend.ts'
import type { LogicalRequest, Operation } from '../../src/logical/request.ts'
import { ask, contextOn, exists, MemoryView } from './memory-view.ts'
import { SimClock } from './sim-clock.ts'

/** What a client would have got. */
export interface KvAnswer {
  readonly status: number
  /** The text of the body; `null` where there is none. */
  readonly text: string | null
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly data: any
  readonly warnings: readonly string[] | null
}

/** A mount of KV 2 without a server around it: what is refused rejects. */
export class KvMount {
  readonly storage: StorageView
  readonly clock: SimClock
  readonly mounted: Mounted

  constructor(storage: StorageView = new MemoryView(), clock = new SimClock()) {
    this.storage = storage
    this.clock = clock
    this.mounted = kv.mount({ ...contextOn(storage), clock }, { version: '2' })
  }

  async call(operation: Operation, path: string, body?: unknown): Promise<KvAnswer> {
    const json = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const asked = { operation, path, ...(json === undefined ? {} : { body: json }) }
    const response = await ask(this.mounted, asked)
    const { status, body: answer } = envelope({ id: 'request', operation } as LogicalRequest, response)
    if (answer === null) return { status, text: null, data: null, warnings: null }
    const text = Buffer.from(writeJson(answer).body).toString()
    const { data, warnings } = JSON.parse(text)
    return { status, text, data: data ?? null, warnings: warnings ?? null }
  }

  async get(path: string, query?: Readonly<Record<string, string>>): Promise<KvAnswer> {
    return await this.call('read', path, query)
  }

  async post(path: string, body?: unknown): Promise<KvAnswer> {
    return await this.call('update', path, body)
  }

  /** Writes a version; its number. */
  async put(path: string, data: unknown, cas?: number): Promise<number> {
    const options = cas === undefined ? {} : { cas }
    return (await this.post(`data/${path}`, { data, options })).data.version
  }

  async exists(path: string): Promise<boolean | undefined> {
    return await exists(this.mounted, { operation: 'update', path })
  }
}

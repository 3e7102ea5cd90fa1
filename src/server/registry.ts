import { cubbyhole } from '../engines/cubbyhole/cubbyhole.ts'
import { kvV1 } from '../engines/kv/kv-v1.ts'
import type { SecretsEngine } from '../logical/backend.ts'
import type { Catalog } from '../system/open-rooms.ts'

/** The engines of all mounts. Deliberately source: in a security server a reviewer sees what runs. */
export const ENGINES = { cubbyhole, kv: kvV1 } satisfies Record<string, SecretsEngine>

const KV = { type: 'kv', mountable: true } as const

/** What clients may mount, by the names they have for it. */
const SECRET = {
  kv: { ...KV, options: {} },
  'kv-v1': { ...KV, options: { version: '1' } },
  'kv-v2': { ...KV, options: { version: '2' } },
} as const

/** Those that every store has, once. */
const OWN = ['cubbyhole', 'identity', 'system', 'token']

export const CATALOG: Catalog = {
  secret: ['kv'],
  auth: [],
  database: [],
  admit: (kind, type) => {
    if (OWN.includes(type)) return { type, options: {}, mountable: false }
    const known: Readonly<Record<string, ReturnType<Catalog['admit']>>> = kind === 'secret' ? SECRET : {}
    return Object.hasOwn(known, type) ? (known[type] ?? null) : null
  },
}

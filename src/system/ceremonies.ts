import { rfc3339 } from '../base/clock.ts'
import { fromUtf8, toHex } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_CEREMONY_PAGE, MAX_LIST_PAGE } from '../base/limits.ts'
import type { Archive } from '../ceremony/archive.ts'
import type { CeremonySummary } from '../ceremony/stored-transcript.ts'
import type { Call, Route } from '../logical/backend.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import type { JsonObject, JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { KEYS, listOf, nullable, shape, TEXT, TEXTS, WHOLE } from '../logical/schema.ts'
import type { Lifecycle } from './lifecycle.ts'

const PAGE = {
  after: { type: 'string', description: 'The id behind which to go on.' },
  limit: { type: 'string', description: 'How many at most.' },
} as const satisfies Fields

const CEREMONY = {
  id: TEXT,
  kind: TEXT,
  opened_at: TEXT,
  ended_at: nullable(TEXT),
  outcome: TEXT,
  serial: WHOLE,
  head: nullable(TEXT),
}

/** Ceremonies and their transcripts (custody.md section 3): no secret in them, but who agreed to what. */
export function ceremonyRoutes({ custodian }: Lifecycle): readonly Route[] {
  const { archive } = custodian
  return [
    {
      pattern: 'ceremonies',
      summary: 'Ceremonies, the newest first: kind, times, outcome.',
      access: 'token',
      fields: PAGE,
      answers: { read: shape({ ceremonies: listOf(shape(CEREMONY)), next: nullable(TEXT) }) },
      handlers: { read: (call) => listCeremonies(archive, call) },
    },
    {
      pattern: 'ceremonies/',
      summary: 'Ids of all ceremonies.',
      access: 'token',
      fields: PAGE,
      answers: { list: KEYS },
      handlers: { list: (call) => listIds(archive, call) },
    },
    {
      pattern: 'ceremonies/:id/transcript',
      summary: 'The transcript of one ceremony, line by line as it was written.',
      access: 'token',
      answers: { read: shape({ ...CEREMONY, lines: TEXTS }) },
      handlers: { read: (call) => readTranscript(archive, call) },
    },
  ]
}

async function listCeremonies(archive: Archive, { request }: Call): Promise<LogicalResponse> {
  const { ceremonies, next } = await archive.ceremonies(pageOf(request.data, MAX_CEREMONY_PAGE))
  return { data: { ceremonies: ceremonies.map(summaryOut), next } }
}

async function listIds(archive: Archive, { request }: Call): Promise<LogicalResponse | null> {
  const keys = await archive.ids(pageOf(request.data, MAX_LIST_PAGE))
  return keys.length === 0 ? null : { data: { keys } }
}

/** The lines are text, each one RFC 8785 JSON: hash and signature are over exactly these characters. */
async function readTranscript(archive: Archive, { parameters }: Call): Promise<LogicalResponse | null> {
  const id = parameters['id'] ?? ''
  const lines = await archive.transcript(id)
  const ceremony = lines === null ? null : await archive.ceremony(id)
  if (lines === null || ceremony === null) return null
  return { data: { ...summaryOut(ceremony), lines: lines.map(fromUtf8) } }
}

function summaryOut(ceremony: CeremonySummary): { readonly [member: string]: JsonOut } {
  const { id, kind, opened, ended, outcome, serial, head } = ceremony
  return {
    id,
    kind,
    opened_at: rfc3339(opened),
    ended_at: ended === null ? null : rfc3339(ended),
    outcome,
    serial,
    head: head === null ? null : toHex(head),
  }
}

/** Throws `bad_request`. */
function pageOf(asked: JsonObject | null, most: number): { readonly after: string; readonly limit: number } {
  const { after = '', limit: text } = readFields(PAGE, asked)
  if (text === undefined) return { after, limit: most }
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > most)
    throw new OperatingError('bad_request', `"limit" is a number from 1 to ${most}`)
  return { after, limit }
}

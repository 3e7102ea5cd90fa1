import { rfc3339 } from '../base/clock.ts'
import { fromUtf8, toHex } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_CEREMONY_PAGE, MAX_LIST_PAGE } from '../base/limits.ts'
import type { Archive } from '../ceremony/archive.ts'
import type { CeremonySummary } from '../ceremony/stored-transcript.ts'
import type { Call, Route } from '../logical/backend.ts'
import type { JsonOut } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import type { Lifecycle } from './lifecycle.ts'

/** Ceremonies and their transcripts (custody.md section 3): no secret in them, but who agreed to what. */
export function ceremonyRoutes({ custodian }: Lifecycle): readonly Route[] {
  const { archive } = custodian
  return [
    {
      pattern: 'ceremonies',
      summary: 'Ceremonies, the newest first: kind, times, outcome.',
      access: 'token',
      handlers: { read: (call) => listCeremonies(archive, call) },
    },
    {
      pattern: 'ceremonies/',
      summary: 'Ids of all ceremonies.',
      access: 'token',
      handlers: { list: (call) => listIds(archive, call) },
    },
    {
      pattern: 'ceremonies/:id/transcript',
      summary: 'The transcript of one ceremony, line by line as it was written.',
      access: 'token',
      handlers: { read: (call) => readTranscript(archive, call) },
    },
  ]
}

async function listCeremonies(archive: Archive, { request: { query } }: Call): Promise<LogicalResponse> {
  const limit = limitOf(query, MAX_CEREMONY_PAGE)
  const { ceremonies, next } = await archive.ceremonies({ after: query.get('after') ?? '', limit })
  return { data: { ceremonies: ceremonies.map(summaryOut), next } }
}

async function listIds(archive: Archive, { request: { query } }: Call): Promise<LogicalResponse | null> {
  const limit = limitOf(query, MAX_LIST_PAGE)
  const keys = await archive.ids({ after: query.get('after') ?? '', limit })
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
function limitOf(query: URLSearchParams, most: number): number {
  const text = query.get('limit')
  if (text === null) return most
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > most)
    throw new OperatingError('bad_request', `"limit" is a number from 1 to ${most}`)
  return limit
}

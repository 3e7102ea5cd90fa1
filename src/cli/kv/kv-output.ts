import type { Members } from '../../client/answers.ts'
import type { CommandCall } from '../command.ts'
import { dataRows } from '../logical-output.ts'
import { type Row, renderFacts, renderTable } from '../output.ts'
import type { KvPath, Section } from './kv-path.ts'

/** A part of what a command prints, under a heading of its own. */
export interface Part {
  readonly title: string
  readonly text: string
}

/** Parts one below the other; each heading as wide as what it stands over, as in the peers' tables. */
export async function putParts(call: CommandCall, parts: readonly Part[]): Promise<void> {
  await call.output.text(parts.map(({ title, text }) => `${heading(title, text)}\n${text}`).join('\n'))
}

/** The two names of a key: the one to type, and the one that policies and HTTP have. */
export function pathPart(path: KvPath, section: Section): Part {
  const api: readonly Row[] = path.version === 1 ? [] : [['API path', path.api(section)]]
  return { title: 'Secret Path', text: renderFacts([['Path', path.logical], ...api]) }
}

/** Members as a table. */
export function tablePart(title: string, data: Members): Part {
  return { title, text: renderTable(dataRows(data)) }
}

function heading(title: string, text: string): string {
  const width = Math.max(...text.split('\n').map((line) => line.length))
  const rules = Math.max(2, width - title.length - 2)
  const left = '='.repeat(Math.floor(rules / 2))
  return `${left} ${title} ${'='.repeat(rules - left.length)}`
}

import { writeFile } from 'node:fs/promises'
import { fromHex, fromUtf8, utf8 } from '../base/encoding.ts'
import type { Ceremony, CeremonyPage } from '../client/ceremonies-client.ts'
import type { ConclaveClient } from '../client/conclave-client.ts'
import { TransportError } from '../client/errors.ts'
import { type ExportHeader, exportHeader } from '../custody/transcript-export.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK, UsageError } from './failure.ts'
import { say } from './io.ts'

const DOING = 'Error exporting transcripts'
const NO_HEAD = new Uint8Array(32)

/** `conclave transcript export`: the chain of transcripts as lines, for `transcript verify`. */
export const command: CommandSpec = {
  name: 'transcript export',
  summary: 'Writes the transcripts of all ceremonies that have ended, as one line each of what happened.',
  operands: '[FILE]',
  arity: [0, 1],
  examples: [
    { does: 'all of them, from init on', types: 'transcript export audit.jsonl' },
    { does: 'to a pipe', types: 'transcript export | conclave transcript verify -' },
    {
      does: 'only what came after an earlier export; both are verified together',
      types: 'transcript export -after=ID more.jsonl',
    },
  ],
  flags: [
    { name: 'after', kind: 'text', value: 'ID', help: 'only what was closed after this ceremony' },
    { name: 'force', kind: 'switch', alias: 'f', help: 'replace the file if it is there' },
  ],
  connects: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const [file = '-'] = call.operands
  const client = await call.connect()
  const { chosen, previous } = await choose(client, call.flags.text('after'))
  const header = await headerOf(client, chosen, previous)
  const lines = [fromUtf8(exportHeader(header))]
  for (const { id } of chosen) {
    lines.push(...(await during(DOING, () => client.ceremonies().transcript(id))))
  }
  const text = lines.map((line) => `${line}\n`).join('')
  if (file === '-') await call.output.json(utf8(text))
  else await store(file, text, call.flags.on('force'))
  say(call.io, `${countOf(chosen)} exported. Check them anywhere: conclave transcript verify ${file}`)
  return EXIT_OK
}

interface Chosen {
  /** Oldest first. */
  readonly chosen: readonly Ceremony[]
  /** The closing line before the first of them, in hex; `null` where it is init. */
  readonly previous: string | null
}

/** Goes back along the chain, to its beginning or to the ceremony that was exported last. */
async function choose(client: ConclaveClient, until: string | null): Promise<Chosen> {
  const chosen: Ceremony[] = []
  let page = await pageAfter(client, null)
  for (;;) {
    for (const one of page.ceremonies) {
      if (one.id === until && one.head !== '') return { chosen: chosen.reverse(), previous: one.head }
      // What is running has no end that could be verified.
      if (one.head !== '') chosen.push(one)
    }
    if (page.next === null) break
    page = await pageAfter(client, page.next)
  }
  if (until !== null) throw new UsageError('no ceremony with the id of -after has ended on this server')
  return { chosen: chosen.reverse(), previous: null }
}

function pageAfter(client: ConclaveClient, after: string | null): Promise<CeremonyPage> {
  return during(DOING, () => client.ceremonies().page(after))
}

async function headerOf(
  client: ConclaveClient,
  chosen: readonly Ceremony[],
  previous: string | null,
): Promise<ExportHeader> {
  const { storeId } = await during(DOING, () => client.custodyStatus())
  const before = previous === null ? NO_HEAD : headBytes(previous)
  const last = chosen.at(-1)
  const head = last === undefined ? before : headBytes(last.head)
  return { storeId, ceremonies: chosen.length, previous: before, head }
}

function headBytes(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes?.length === NO_HEAD.length) return bytes
  const hint = 'Is the server of the same version as this program?'
  throw new TransportError('answer_invalid', 'the answer has a closing line that is no hash', { hint })
}

async function store(file: string, text: string, overwrite: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: overwrite ? 'w' : 'wx' })
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    const why = isThere ? 'it is there already; replace it with -force' : 'it cannot be written'
    throw new UsageError(`${file}: ${why}`)
  }
}

function countOf(chosen: readonly Ceremony[]): string {
  return chosen.length === 1 ? '1 transcript' : `${chosen.length} transcripts`
}

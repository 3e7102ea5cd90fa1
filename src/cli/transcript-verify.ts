import { rfc3339 } from '../base/clock.ts'
import { fromHex, toHex } from '../base/encoding.ts'
import type { PublicKeySet } from '../custody/key-set.ts'
import type { KnownChain } from '../custody/known-chain.ts'
import { setWords } from '../custody/share-card.ts'
import { type BadExportLine, verifyExports } from '../custody/transcript-export.ts'
import type { TranscriptFacts } from '../custody/transcript-verify.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { EXIT_OK, UsageError } from './failure.ts'
import { say } from './io.ts'
import type { Row } from './output.ts'
import { readLines } from './transcript-files.ts'

/** The files could be read, and do not verify. */
const EXIT_REFUTED = 2
const HEAD_BYTES = 32

/** `conclave transcript verify`: needs neither a server nor a share nor a token. */
export const command: CommandSpec = {
  name: 'transcript verify',
  summary: 'Checks exported transcripts to the last byte, offline, and tells the first line that is wrong.',
  operands: 'FILE|- [FILE …]',
  arity: [1, Number.POSITIVE_INFINITY],
  examples: [
    { does: 'needs neither a server nor a share', types: 'transcript verify audit.jsonl' },
    { does: 'nothing is missing at the end either', types: 'transcript verify -head=HEX audit.jsonl' },
    {
      does: 'an export and what came after it',
      types: 'transcript verify audit.jsonl more.jsonl',
    },
    { does: 'who agreed to what', types: 'transcript verify -format=json audit.jsonl' },
  ],
  flags: [
    {
      name: 'head',
      kind: 'text',
      value: 'HEX',
      help: 'a closing line that must be there (transcript_head of the server)',
    },
  ],
  connects: false,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const head = wantedHead(call.flags.text('head'))
  const files = []
  for (const file of call.operands) files.push(await readLines(call.io, file))
  const verdict = verifyExports(await call.ports.loadHashing(), files)
  if (!verdict.ok) return await refute(call, badLine(call.operands, verdict.bad))
  const { chain, ceremonies } = verdict
  if (head !== null && chain.identityAfter(head) === null) {
    const missing = `the closing line ${toHex(head)} is not there`
    const fault = `${missing}: the end was cut off, or it is of another store`
    return await refute(call, { file: null, line: null, fault })
  }
  await call.output.data(rows(chain, ceremonies), value(chain, ceremonies))
  if (call.output.format === 'table') tell(call, head)
  return EXIT_OK
}

function wantedHead(text: string | null): Uint8Array | null {
  if (text === null) return null
  const head = fromHex(text.toLowerCase())
  if (head?.length !== HEAD_BYTES) throw new UsageError('invalid value for flag -head: give 64 hex digits')
  return head
}

interface Refutation {
  readonly file: string | null
  /** From 1, as editors count. */
  readonly line: number | null
  readonly fault: string
}

function badLine(files: readonly string[], bad: BadExportLine): Refutation {
  return { file: files[bad.file] ?? '-', line: bad.line + 1, fault: bad.fault }
}

async function refute(call: CommandCall, { file, line, fault }: Refutation): Promise<number> {
  if (call.output.format !== 'table') await call.output.data([], { verified: false, file, line, fault })
  const place = line === null ? '' : `line ${line} of ${file} `
  say(call.io, `NOT verified: ${place}${fault}.`)
  return EXIT_REFUTED
}

function tell(call: CommandCall, head: Uint8Array | null): void {
  say(call.io, '\nVerified: every line is as it was written, and none is missing before the last.')
  if (head !== null) return
  say(call.io, 'What was cut off at the end no file can tell: compare Head with transcript_head of')
  say(call.io, 'GET /v1/sys/custody/status, or with what you wrote down, or give it as -head.')
}

function rows(chain: KnownChain, ceremonies: readonly TranscriptFacts[]): readonly Row[] {
  return [
    ['Ceremonies', String(ceremonies.length)],
    ['Store ID', chain.storeId ?? ''],
    ['Serial', String(chain.serial)],
    ...chain.sets.map((set): Row => [`Key Set ${set.number}`, setLine(set)]),
    ['Identity Key', toHex(chain.identityKey ?? new Uint8Array())],
    ['Head', toHex(chain.head.hash)],
  ]
}

/** With the words of its cards, so that holders see whether it is theirs. */
function setLine({ id, threshold, shares }: PublicKeySet): string {
  return `${setWords(id)} (${threshold} of ${shares.length} shares)`
}

function value(chain: KnownChain, ceremonies: readonly TranscriptFacts[]): unknown {
  return {
    verified: true,
    store_id: chain.storeId,
    serial: chain.serial,
    head: toHex(chain.head.hash),
    identity_key: toHex(chain.identityKey ?? new Uint8Array()),
    key_sets: chain.sets.map((set) => ({
      id: toHex(set.id),
      number: set.number,
      words: setWords(set.id),
      threshold: set.threshold,
      public_keys: set.shares.map((share) => toHex(share.publicKey)),
    })),
    ceremonies: ceremonies.map((one) => ({
      id: one.ceremonyId,
      kind: one.kind,
      opened_at: rfc3339(one.opened),
      ended_at: rfc3339(one.ended),
      outcome: one.outcome,
      consents: one.consents.map(({ set, share, verb }) => ({ key_set: set, share, verb })),
      serial: one.serial,
      dealt: one.dealt?.number ?? null,
    })),
  }
}

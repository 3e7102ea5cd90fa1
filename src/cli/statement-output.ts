import type { RekeyStatus } from '../client/rekey-answers.ts'
import type { RootStatus } from '../client/root-client.ts'
import type { Hashing } from '../custody/share-card.ts'
import { readStatement, type StatementFacts } from './statement.ts'

/** What is shown of a ceremony before anybody is asked for a share. */
export interface ShownStatement {
  readonly lines: readonly string[]
  /** `null` when the server makes no statement. */
  readonly facts: StatementFacts | null
}

/** What a share agrees to in a rekey. Throws `UsageError` when statement and status do not say the same. */
export function shownRekey(status: RekeyStatus, hashing: Hashing): ShownStatement {
  const facts = readStatement(status.statement, hashing, {
    kind: 'rekey',
    ceremony_id: status.nonce,
    shares: status.shares,
    threshold: status.threshold,
    backup: status.backup,
    flow: status.verificationRequired ? 'verified' : 'direct',
  })
  const lines = [
    line('new shares', `${status.shares}, any ${status.threshold} of them open the server`),
    line('they count', whenTheyCount(status, facts)),
    ...recipientLines(status, facts),
    ...(status.backup ? [line('copy', 'the encrypted shares stay in the store, too')] : []),
    ...agreementLines(status.nonce, facts),
  ]
  return { lines, facts }
}

/** What a share agrees to when a root token is made. Throws as `shownRekey` does. */
export function shownRoot(status: RootStatus, hashing: Hashing): ShownStatement {
  const expected = { kind: 'generate-root', ceremony_id: status.nonce }
  const facts = readStatement(status.statement, hashing, expected)
  const reader = facts?.tokenReader ?? 'who started this'
  const lines = [
    line('makes', 'a root token, which may do everything'),
    line('readable by', reader),
    ...agreementLines(status.nonce, facts),
  ]
  return { lines, facts }
}

function whenTheyCount(status: RekeyStatus, facts: StatementFacts | null): string {
  if (!status.verificationRequired) return 'as soon as they are known to have arrived'
  return `once ${facts?.verify === 'all' ? 'all' : 'any'} ${returned(status, facts)} of them were given back`
}

function returned(status: RekeyStatus, facts: StatementFacts | null): number {
  return facts?.verify === 'all' ? status.shares : status.threshold
}

function recipientLines(status: RekeyStatus, facts: StatementFacts | null): readonly string[] {
  const prints = facts === null ? status.pgpFingerprints : (facts.recipients?.map(printOf) ?? null)
  if (prints === null) return [line('go to', 'whoever gives the last share, in the clear')]
  return prints.map((print, at) => line(at === 0 ? 'encrypted to' : '', `${at + 1}. ${print}`))
}

function printOf({ fingerprint }: { readonly fingerprint: string }): string {
  return fingerprint
}

function agreementLines(nonce: string, facts: StatementFacts | null): readonly string[] {
  if (facts === null) {
    return [line('nonce', nonce), '', 'This server makes no statement of it: there are no check words.']
  }
  const sets = facts.keySets.map((set) => `${set.number} "${set.words}"`).join(', or ')
  return [
    line('agreed by', `shares of key set ${sets}`),
    line('until', facts.expires),
    line('nonce', nonce),
    '',
    line('check words', facts.words.toUpperCase()),
  ]
}

const TITLE_WIDTH = 14

function line(title: string, value: string): string {
  return `  ${title.padEnd(TITLE_WIDTH)}${value}`
}

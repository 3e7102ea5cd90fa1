import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecretBytes } from '../base/secret-bytes.ts'
import { type Asked, type Credential, checkMayCancel, checkMayOpen } from './access.ts'
import type { Opener } from './agreement.ts'
import type { JudgedShare } from './judge.ts'
import type { Shown } from './opening.ts'

const SHARE = SecretBytes.take(new Uint8Array(33).fill(7))
const JUDGED = { role: 'live', number: 1 } as JudgedShare
const CREDENTIALS = {
  nobody: { by: 'nobody' },
  token: { by: 'token' },
  holder: { by: 'holder', share: SHARE },
} as const satisfies Record<string, Credential>
const OPENERS = {
  nobody: { by: 'nobody' },
  token: { by: 'token' },
  holder: { by: 'holder', setId: new Uint8Array(16), shareNumber: 2 },
} as const satisfies Record<string, Opener>

const asked = (by: keyof typeof CREDENTIALS, access: Asked['access']): Asked => ({
  credential: CREDENTIALS[by],
  access,
  source: '127.0.0.1',
  path: 'sys/rekey/init',
})
const shown = (by: keyof typeof CREDENTIALS): Shown =>
  by === 'holder' ? { by, share: SHARE, judged: JUDGED } : { by }

// custody.md section 3, the table of access: columns `open` and `cancel`.
for (const [access, by, allowed] of [
  ['open', 'nobody', true],
  ['open', 'token', true],
  ['open', 'holder', true],
  ['guarded', 'nobody', false],
  ['guarded', 'token', true],
  ['guarded', 'holder', true],
] as const) {
  test(`${access}: ${by} ${allowed ? 'opens' : 'is refused'}`, () => {
    if (allowed) return checkMayOpen(asked(by, access))
    assert.throws(() => checkMayOpen(asked(by, access)), {
      code: 'permission_denied',
      message: /sudo on sys\/rekey\/init, or a share of the live key set in the field "key"/,
    })
  })
}

for (const [access, opener, by, way] of [
  ['open', 'nobody', 'nobody', 'end'],
  ['open', 'nobody', 'token', 'end'],
  ['open', 'nobody', 'holder', 'end'],
  // What was opened with a credential is not for everybody to cancel, on any listener (CVE-2025-52894).
  ['open', 'token', 'nobody', null],
  ['open', 'holder', 'nobody', null],
  ['open', 'token', 'holder', 'object'],
  ['open', 'holder', 'holder', 'object'],
  ['open', 'holder', 'token', 'end'],
  ['guarded', 'nobody', 'nobody', null],
  ['guarded', 'nobody', 'holder', 'object'],
  ['guarded', 'nobody', 'token', 'end'],
  ['guarded', 'token', 'nobody', null],
  ['guarded', 'holder', 'nobody', null],
  ['guarded', 'holder', 'holder', 'object'],
] as const) {
  test(`${access}, opened by ${opener}: ${by} ${way === null ? 'cannot cancel' : `cancels as one who may ${way}`}`, () => {
    const cancel = (): string => checkMayCancel(asked(by, access), shown(by), OPENERS[opener])
    if (way !== null) return assert.equal(cancel(), way)
    assert.throws(cancel, { code: 'permission_denied' })
  })
}

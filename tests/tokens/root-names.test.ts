import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededEntropy } from '../sim/seeded-entropy.ts'
import { TokenRoutes } from '../sim/token-routes.ts'

/** Names that mimic `root` in every field of a token or a role that takes a policy (bar.md T-ACL-3, Z3). */

const NAMES = process.env['CONCLAVE_SLOW'] === '1' ? 100_000 : 3000
const AROUND = ['', ' ', '\t', '\n', '\0', '\u00a0', '\u200b', '\ufeff', '.', '/', '*', '+', '%20', '"', ',']
const LETTERS: Readonly<Record<string, readonly string[]>> = {
  r: ['r', 'R', '\uff52', '\u13a1', 'r\u0301'],
  o: ['o', 'O', '\u043e', '\u00ba', '\uff4f', '0', '\u03bf'],
  t: ['t', 'T', '\uff34', '\u0442', '\u1d1b'],
}

function mimic(chance: SeededEntropy): string {
  const pick = (all: readonly string[]): string => all[chance.below(all.length)] ?? ''
  const plain = chance.below(2) === 0
  const letters = [...'root'].map((letter) =>
    plain ? pick([letter, letter.toUpperCase()]) : pick(LETTERS[letter] ?? []),
  )
  return pick(AROUND) + letters.join('') + pick(AROUND)
}

test('nobody but root makes a token with the policy root, however its name is written', async () => {
  const routes = await TokenRoutes.start()
  // All rights but root itself: the most that a policy can give.
  routes.allows = () => true
  const { body } = await routes.ask('update', 'create', { policies: ['admin'] })
  const token: string = body.auth.client_token
  const chance = new SeededEntropy('mimics')
  let made = 0
  for (let count = 0; count < NAMES; count++) {
    const name = mimic(chance)
    const fields = ['allowed_policies', 'allowed_policies_glob', 'disallowed_policies'] as const
    const list = fields[count % fields.length] ?? 'allowed_policies'
    const role = await routes.ask('update', 'roles/r', { [list]: [name, 'x'] }, { token })
    assert.ok([204, 400].includes(role.status))
    for (const [path, policies] of [
      ['create', [name]],
      ['create', ['x', name]],
      ['create/r', [name]],
      ['create/r', []],
    ]) {
      const told = await routes.ask('update', String(path), { policies }, { token })
      assert.ok([200, 400].includes(told.status), JSON.stringify(name))
      if (told.status !== 200) continue
      made++
      assert.ok(!told.body.auth.policies.includes('root'), JSON.stringify(name))
      await routes.ask('update', 'revoke', { token: told.body.auth.client_token })
    }
    await routes.ask('delete', 'roles/r', null, { token })
  }
  assert.ok(made > 0, 'names that only look like it are names')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unixMillis } from '../../src/base/clock.ts'
import { utf8 } from '../../src/base/encoding.ts'
import type { JsonObject } from '../../src/logical/json.ts'
import { readJson } from '../../src/logical/json-reader.ts'
import type { Operation } from '../../src/logical/request.ts'
import type { Acl } from '../../src/policy/acl.ts'
import { compileAcl } from '../../src/policy/compile.ts'
import { parsePolicy } from '../../src/policy/parse.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { AclModel, type ModelAct, type ModelPolicy, type Value } from './acl-model.ts'
import { Dice } from './dice.ts'
import { documentOf, NOW, randomAct, randomPolicies } from './policies.ts'

const SLOW = process.env['CONCLAVE_SLOW'] === '1'
/** A failing run prints it; it replays the run. */
const SEED = Number(process.env['CONCLAVE_SEED'] ?? '20251125')
const ACTS_PER_SET = 50
const SETS = (SLOW ? 1_000_000 : 100_000) / ACTS_PER_SET

test(`decides as the contract's sentences do, on ${SETS * ACTS_PER_SET} random policies, paths, operations, parameters`, (context) => {
  const dice = new Dice(SEED)
  const counts = new Map<string, number>()
  const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1)
  for (let left = SETS; left > 0; left--) {
    const policies = randomPolicies(dice)
    const model = new AclModel(policies, NOW)
    const acl = aclFrom(policies)
    for (let acts = ACTS_PER_SET; acts > 0; acts--) {
      const act = randomAct(dice)
      const wanted = model.decide(act)
      const seen = `seed ${SEED}\n${policies.map(documentOf).join('\n# next\n')}\n${JSON.stringify(act)}`
      const decision = decide(acl, act)
      assert.deepEqual(decision, wanted, seen)
      assert.deepEqual(acl.capabilities(act.path), model.capabilities(act.path), seen)
      const folder = act.path.endsWith('/') ? act.path : `${act.path}/`
      assert.equal(acl.reaches(folder), model.reaches(folder), seen)
      count(wanted.allowed ? 'allowed' : wanted.rule === null ? 'no rule' : 'refused by a rule')
      if (wanted.pageLimit !== null) count('paged')
    }
  }
  context.diagnostic(`seed ${SEED}: ${JSON.stringify(Object.fromEntries(counts))}`)
  // Otherwise the generator would not reach what this test is about.
  for (const [what, part] of [
    ['allowed', 12],
    ['no rule', 12],
    ['refused by a rule', 12],
    ['paged', 150],
  ] as const) {
    assert.ok((counts.get(what) ?? 0) > (SETS * ACTS_PER_SET) / part, `${what}: ${counts.get(what)}`)
  }
})

function aclFrom(policies: readonly ModelPolicy[]): Acl {
  const parsed = policies.map(
    (policy): Policy => ({
      name: policy.name,
      rules: parsePolicy(documentOf(policy)),
      leave: { slashes: false, wildcards: false },
      expires: null,
    }),
  )
  return compileAcl(parsed, unixMillis(NOW), null).acl
}

function decide(acl: Acl, act: ModelAct): ReturnType<AclModel['decide']> {
  const operation = act.operation as Operation
  const { allowed, pageLimit, keysFilter } = acl.decide({ ...act, operation, data: objectOf(act.data) })
  const rule = operation === 'help' ? null : (acl.ruleFor({ operation, path: act.path })?.path ?? null)
  return { allowed, pageLimit, keysFilter, rule }
}

function objectOf(data: Readonly<Record<string, Value>> | null): JsonObject | null {
  if (data === null) return null
  const node = readJson(utf8(JSON.stringify(data)), { maxDepth: 10, maxStrings: 100 })
  if (node.kind !== 'object') throw new Error('data is an object')
  return node
}

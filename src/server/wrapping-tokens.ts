import type { Barrier, PlainWrite } from '../barrier/barrier.ts'
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { hasCode } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Primitives } from '../crypto/primitives.ts'
import type { Caller } from '../logical/request.ts'
import { WRAPPING_POLICY } from '../policy/policy-name.ts'
import type { MountEntry } from '../router/mount-table.ts'
import { wrappingTerms } from '../token/creation.ts'
import { deletionsOf, type StoredToken } from '../token/places.ts'
import type { MadeToken, TokenStore } from '../token/store.ts'
import { KEPT_NAMES, type Kept } from '../wrapping/kept.ts'
import type { MadeWrap, Replacement, WrappingTokens, WrapTerms } from '../wrapping/wrapping.ts'
import { cubbyholeId } from './callers.ts'
import type { MountStorage } from './mount-storage.ts'
import { belowTokens } from './token-room.ts'

export interface WrappingTokenPorts {
  readonly barrier: Barrier
  readonly tokens: TokenStore
  readonly storage: MountStorage
  /** As they are now. */
  readonly mounts: () => readonly MountEntry[]
  readonly primitives: Primitives
  readonly clock: Clock
}

/** Wrapping tokens over the token room and the storage of cubbyholes; each change is one commit. */
export function wrappingTokens(ports: WrappingTokenPorts): WrappingTokens {
  const { tokens, barrier } = ports
  const own = async (key: string, policies: readonly string[]): Promise<Kept | null> =>
    isWrapping(policies) ? await keptBy(ports, key) : null
  return {
    make: async (terms, kept) => {
      const made = newToken(ports, terms)
      await storing(made, () => tokens.keep(made, puts(ports, made.key, kept)))
      return madeWrap(made)
    },
    facts: async (token) => {
      const stored = await goodToken(tokens, token)
      return stored === null ? null : ((await own(stored.key, stored.entry.policies))?.wrapinfo ?? null)
    },
    take: async (token) => {
      const spent = await spend(ports, token, async (stored) => {
        const kept = await keptBy(ports, stored.key)
        await barrier.commit(ends(ports, stored))
        return kept
      })
      return spent?.response ?? null
    },
    replace: async (token, next) => await spend(ports, token, (stored) => replace(ports, stored, next)),
    own: async (caller: Caller) => (await own(caller.tokenKey, caller.policies))?.response ?? null,
    isOwn: async (token, caller) => (await tokens.find(token))?.key === caller.tokenKey,
  }
}

function isWrapping(policies: readonly string[]): boolean {
  return policies.length === 1 && policies[0] === WRAPPING_POLICY
}

/** A good wrapping token, whose use is not spent. */
async function goodToken(tokens: TokenStore, token: SecretBytes): Promise<StoredToken | null> {
  const known = await tokens.lookup(token)
  if (known === null || known.key === null || !isWrapping(known.entry.policies)) return null
  return { key: known.key, entry: known.entry }
}

/**
 * Does what ends the token in its own queue, so that of many who ask at once one gets it: `act` ends it in a
 * commit, and who comes behind finds none.
 */
async function spend<Result>(
  { tokens }: WrappingTokenPorts,
  token: SecretBytes,
  act: (stored: StoredToken) => Promise<Result>,
): Promise<Result | null> {
  const known = await goodToken(tokens, token)
  if (known === null) return null
  try {
    return await tokens.whileGood(known.key, async (stored) =>
      stored.entry.numUses === 1 ? await act(stored) : null,
    )
  } catch (error) {
    if (hasCode(error, 'permission_denied')) return null
    throw error
  }
}

async function replace(
  ports: WrappingTokenPorts,
  stored: StoredToken,
  next: (kept: Kept) => Replacement,
): Promise<{ readonly made: MadeWrap; readonly kept: Kept } | null> {
  const before = await keptBy(ports, stored.key)
  if (before === null) return null
  const { terms, kept } = next(before)
  const made = newToken(ports, terms)
  const others = [...ends(ports, stored), ...puts(ports, made.key, kept)]
  await storing(made, () => ports.tokens.keep(made, others))
  return { made: madeWrap(made), kept }
}

/** Surface.md section 6.2. */
function newToken({ tokens, clock }: WrappingTokenPorts, { ttl, path }: WrapTerms): MadeToken {
  return tokens.make(wrappingTerms({ path: path.replace(/\/$/, ''), ttl, now: clock.now() }))
}

function madeWrap({ token, entry }: MadeToken): MadeWrap {
  return { token, accessor: entry.accessor }
}

async function storing({ token }: MadeToken, store: () => Promise<void>): Promise<void> {
  try {
    await store()
  } catch (error) {
    token[Symbol.dispose]()
    throw error
  }
}

async function keptBy(ports: WrappingTokenPorts, tokenKey: string): Promise<Kept | null> {
  const view = ports.storage.viewOf(cubbyhole(ports))
  const owner = cubbyholeId(ports.primitives, tokenKey)
  const [response, wrapinfo] = await Promise.all(KEPT_NAMES.map((name) => view.get(`${owner}/${name}`)))
  return response && wrapinfo ? { response, wrapinfo } : null
}

/** Whole keys. */
function puts(ports: WrappingTokenPorts, tokenKey: string, kept: Kept): readonly PlainWrite[] {
  const folder = keptFolder(ports, tokenKey)
  return KEPT_NAMES.map((name) => ({ op: 'put', key: folder + name, value: kept[name] }))
}

/** The token and all that it keeps: it can write nothing but that. */
function ends(ports: WrappingTokenPorts, stored: StoredToken): readonly PlainWrite[] {
  const folder = keptFolder(ports, stored.key)
  const kept = KEPT_NAMES.map((name): PlainWrite => ({ op: 'delete', key: folder + name }))
  return [...belowTokens(deletionsOf(stored)), ...kept]
}

function keptFolder(ports: WrappingTokenPorts, tokenKey: string): string {
  return `logical/${cubbyhole(ports).uuid}/${cubbyholeId(ports.primitives, tokenKey)}/`
}

function cubbyhole({ mounts }: WrappingTokenPorts): MountEntry {
  const entry = mounts().find(({ type }) => type === 'cubbyhole')
  assert(entry !== undefined, 'every store has a cubbyhole')
  return entry
}

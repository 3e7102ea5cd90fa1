import assert from 'node:assert/strict'
import { sameBytes } from '../../src/base/encoding.ts'
import { ERROR_CODES } from '../../src/base/errors.ts'
import { JOURNAL_LINE_BYTES } from '../../src/base/limits.ts'
import { SimClock } from '../sim/sim-clock.ts'
import { SimSlots } from '../sim/sim-slots.ts'
import { SimStorage } from '../sim/sim-storage.ts'
import { opens, World } from '../sim/world.ts'
import { type Act, type Choice, type Fault, resolve } from './act.ts'
import { aged, died, type Expectation, faulted, predict } from './ceremony-model.ts'
import { JournalAudit } from './journal-audit.ts'
import { type Observed, People } from './people.ts'
import { EMPTY, type Model } from './state.ts'
import { TranscriptAudit } from './transcript-audit.ts'
import { differences, look, type View } from './view.ts'

/** Codes that say that the server or its storage is at fault, and not who asked. */
const SERVER_FAULTS = /^(?:storage|store|corrupt|condition|key)_|^audit_unavailable$|^shutting_down$/
const KEY_RECORDS = ['core/custody', 'core/keyring', 'core/anchor'].flatMap((key) => [key, `${key}/copy`])
const TICK_MS = 2_003

/** What was done in all runs, to be printed: acts by their answer, faults that were hit, turns taken. */
export class Counts {
  readonly acts = new Map<string, number>()
  readonly faults = new Map<string, number>()
  readonly turns = new Map<string, number>()

  add(of: Map<string, number>, what: string): void {
    of.set(what, (of.get(what) ?? 0) + 1)
  }
}

/**
 * One history of one store, beside what the model says about it. `belief` is every state that explains all
 * answers so far: one, but where the design leaves something open or a fault hides what came of it.
 */
export class Run {
  readonly #people: People
  readonly #counts: Counts
  readonly #clock = new SimClock()
  readonly #audit: TranscriptAudit
  readonly #journal = new JournalAudit()
  #world: World
  #worlds = 0
  #belief: readonly Model[] = [EMPTY]
  #seen: View
  #entries = new Map<string, Uint8Array>()
  readonly #gcmNonces = new Set<string>()
  readonly #history: string[] = []
  #keyRecords: readonly (Uint8Array | undefined)[] = []

  private constructor(people: People, counts: Counts, world: World) {
    this.#people = people
    this.#audit = new TranscriptAudit(people)
    this.#counts = counts
    this.#world = world
    this.#seen = look(world)
  }

  static async begin(counts: Counts): Promise<Run> {
    const people = await People.gather()
    const run = new Run(people, counts, await World.start(emptyStorage(), 'model 0'))
    await run.#restart(emptyStorage())
    return run
  }

  /** Lets the choices come to pass, all at the same moment, and checks everything. */
  async step(choices: readonly Choice[], fault: Fault | null): Promise<void> {
    try {
      await this.#step(choices, fault)
    } catch (error) {
      const story = [...this.#history, error instanceof Error ? error.message : String(error)].join('\n')
      throw new Error(`\n${story}`, { cause: error })
    }
  }

  async #step(choices: readonly Choice[], fault: Fault | null): Promise<void> {
    this.#clock.advance(TICK_MS)
    const now = (m: Model): Model => aged({ ...m, now: m.now + TICK_MS })
    this.#belief = this.#belief.map(now)
    const acts = choices.map((choice) => resolve(this.#belief[0]!, choice))
    const { storage } = this.#world
    storage.arm(fault)
    const observed = await Promise.all(acts.map((act) => this.#people.act(this.#world, act)))
    const hit = fault !== null && storage.operations >= fault.at
    storage.arm(null)
    for (const [index, act] of acts.entries()) this.#count(act, observed[index]!)
    if (hit) this.#counts.add(this.#counts.faults, fault.mode)
    const story = acts.map((act, index) => `${JSON.stringify(act)} -> ${observed[index]!.answer}`).join(' | ')
    this.#history.push(hit ? `${story} (${fault.mode} at ${fault.at})` : story)
    const [before] = this.#belief
    const dead = this.#world.fatal !== null || (hit && fault.mode === 'crash')
    if (dead || acts[0]!.do === 'restart') await this.#afterDeath(acts, { dead, story })
    else this.#explain(acts, { observed, hit, story })
    await this.#check(acts, story)
    const [after, ...others] = this.#belief
    // Which of several states it is, and what half of a failed act did, the journal may know and we do not.
    if (acts.length > 1 || hit || dead || others.length > 0) this.#journal.since(this.#world)
    else
      this.#journal.check(this.#world, {
        before: before!,
        after: after!,
        act: acts[0]!,
        answer: observed[0]!.answer,
      })
  }

  #count(act: Act, { answer }: Observed): void {
    this.#counts.add(this.#counts.acts, `${nameOf(act)}: ${answer.startsWith('!') ? 'refused' : answer}`)
  }

  #explain(acts: readonly Act[], seen: { observed: readonly Observed[]; hit: boolean; story: string }): void {
    for (const [index, act] of acts.entries()) {
      const { answer, shares, nonce } = seen.observed[index]!
      const code = answer.startsWith('!') ? answer.slice(1) : null
      assert(
        code === null || (ERROR_CODES as readonly string[]).includes(code),
        `${seen.story}: no such code`,
      )
      const expected = this.#belief.flatMap((m) => (seen.hit ? faulted(m, act) : predict(m, act)))
      const right = expected.filter((expectation) => explains(expectation, answer))
      const wanted = [...new Set(expected.flatMap(({ answers }) => answers))].join(', ')
      assert(right.length > 0, `${seen.story}: expected ${wanted}`)
      this.#belief = right.map(({ next }) => next)
      if (nonce !== null) this.#people.name(right[0]!.next.named, nonce)
      if (shares === null) continue
      const [set, ...others] = new Set(right.map(({ carries }) => carries))
      assert(set !== undefined && others.length === 0, `${seen.story}: whose shares are these?`)
      this.#people.receive(set, shares)
    }
  }

  async #afterDeath(acts: readonly Act[], { dead, story }: { dead: boolean; story: string }): Promise<void> {
    const [act] = acts
    assert(act !== undefined && acts.length === 1, 'only a single act is made to fail')
    this.#belief = this.#belief.flatMap((m) => {
      if (!dead) return predict(m, act).map(({ next }) => next)
      const after = [m, ...faulted(m, act).map(({ next }) => next)]
      return after.map((next) => died(next, m.sets.length))
    })
    await this.#restart(this.#world.storage.reopened())
    const record = this.#world.custodian.record
    // Init's answer was lost: a store that nobody can open, and that holds nothing, is discarded.
    if (record?.serial === 1 && this.#people.sharesOf(1) === null) {
      assert.equal(act.do, 'init', story)
      this.#belief = this.#belief.map(({ now }) => ({ ...EMPTY, now }))
      await this.#restart(emptyStorage())
    }
  }

  async #restart(storage: SimStorage): Promise<void> {
    const { broken } = this.#world.delivery
    this.#world = await World.start(storage, `model ${++this.#worlds}`, this.#clock)
    for (const one of broken) this.#world.delivery.broken.add(one)
    this.#seen = look(this.#world)
    assert.equal(this.#seen.unsealNonce, '', 'a new process knows nothing that is not stored')
  }

  async #check(acts: readonly Act[], story: string): Promise<void> {
    const view = look(this.#world)
    this.#keep(`${story}: in memory`, (m) => differences(m, view, this.#people))
    this.#checkProgress(view, acts, story)
    this.#countTurn(view, acts)
    this.#seen = view
    for (const [name, ceremony] of this.#running()) {
      const seen = name === 'verification' ? view.rekey?.verificationNonce : view[name]?.nonce
      if (ceremony !== null && seen) this.#people.name(ceremony, seen)
    }
    if (!this.#storageChanged()) return
    await this.#checkStored(story)
  }

  #countTurn({ live, retiring }: View, acts: readonly Act[]): void {
    const before = this.#seen
    if (before.live === null || (live === before.live && retiring === before.retiring)) return
    const second = before.retiring === null ? '' : ', while an old set was retiring'
    if (live !== before.live)
      this.#counts.add(
        this.#counts.turns,
        retiring === null ? `verified rekey${second}` : `direct rekey${second}`,
      )
    else
      this.#counts.add(
        this.#counts.turns,
        `old set dropped by ${acts.length > 1 ? 'one of several' : nameOf(acts[0]!)}`,
      )
  }

  /** Keeps the beliefs that agree with what is seen. */
  #keep(story: string, differences: (m: Model) => readonly string[]): void {
    const told = this.#belief.map(differences)
    const right = this.#belief.filter((_, index) => told[index]!.length === 0)
    assert(right.length > 0, `${story}\n  ${told.map((one) => one.join('; ')).join('\n  or ')}`)
    this.#belief =
      right.length === 1 ? right : [...new Map(right.map((m) => [JSON.stringify(m), m])).values()]
  }

  #running(): readonly (readonly ['rekey' | 'generation' | 'verification', number | null])[] {
    const { rekey, generation } = this.#belief[0]!
    return [
      ['rekey', rekey?.id ?? null],
      ['generation', generation?.id ?? null],
      ['verification', rekey?.dealt?.nonce ?? null],
    ]
  }

  /** Without the model: what holders have done is not undone but by what may undo it. */
  #checkProgress(view: View, acts: readonly Act[], story: string): void {
    const undoing = ['cancel', 'restart verification', 'reset', 'seal', 'restart']
    if (acts.some((act) => undoing.includes(act.do)) || view.phase !== this.#seen.phase) return
    for (const kind of ['rekey', 'generation'] as const) {
      const before = this.#seen[kind]
      const now = view[kind]
      if (before === null || now === null || before.nonce !== now.nonce || before.dealt !== now.dealt)
        continue
      // Of two sets that may agree, the one is shown that lacks fewer: that may be the other one now.
      assert(
        now.required !== before.required || now.progress >= before.progress,
        `${story}: progress went down`,
      )
      assert(now.returned >= before.returned, `${story}: the progress of the verification went down`)
    }
  }

  /** Whether anything was written; every nonce of every entry behind the barrier is a new one. */
  #storageChanged(): boolean {
    let changed = this.#entries.size !== this.#world.storage.entries.size
    const now = new Map(this.#world.storage.entries)
    for (const [key, value] of now) {
      const before = this.#entries.get(key)
      if (before === value || (before !== undefined && sameBytes(before, value))) continue
      changed = true
      // An entry: 0x01, term, nonce (docs/storage-format.md). Of a record and its copy each has its own.
      if (value[0] !== 1) continue
      const nonce = Buffer.from(value.subarray(5, 17)).toString('hex')
      assert(!this.#gcmNonces.has(nonce), `the nonce of ${key} was used before`)
      this.#gcmNonces.add(nonce)
    }
    this.#entries = now
    return changed
  }

  /**
   * What a new process finds is what this one says: opened on a copy, by a set that proves nothing. At least
   * one set that was handed out opens, never more than two, and no other.
   */
  async #checkStored(story: string): Promise<void> {
    const { record } = this.#world.custodian
    if (record === null) return
    const { storage } = this.#world
    const copy = await World.start(storage.reopened(), 'copy', this.#clock)
    const { progress, nonce } = copy.custodian.status()
    assert.deepEqual([progress, nonce], [0, ''], 'a new process knows nothing that is not stored')
    const opener = (record.retiring ?? record.live).number
    const shares = this.#people.sharesOf(opener)
    assert(shares !== null, `${story}: nobody has the shares that open`)
    await copy.unseal(shares)
    assert(copy.custodian.isOpen, `${story}: set ${opener} does not open`)
    await this.#checkOthers(opener, story)
    const view = look(copy)
    const written = Number(await copy.read('data/written'))
    await this.#audit.read(copy, storage.entries.keys())
    this.#keep(`${story}: a new process finds that`, (m) => [
      ...differences({ ...died(m, m.sets.length), phase: 'open' }, view, this.#people),
      ...(m.written === written ? [] : [`${written} is written, expected ${m.written}`]),
      ...this.#audit.differences(m),
    ])
  }

  /** Of the sets that people hold, those which open besides `opener`: the other that may, and no more. */
  async #checkOthers(opener: number, story: string): Promise<void> {
    const { storage, custodian } = this.#world
    const records = KEY_RECORDS.map((key) => storage.entries.get(key))
    if (records.every((record, index) => record === this.#keyRecords[index])) return
    this.#keyRecords = records
    const { live, retiring } = custodian.record!
    const open = [opener]
    for (const [index] of this.#belief[0]!.sets.entries()) {
      const shares = index + 1 === opener ? null : this.#people.sharesOf(index + 1)
      if (shares !== null && (await opens(storage, shares))) open.push(index + 1)
    }
    const isHeld = (set: number): boolean => this.#people.sharesOf(set) !== null
    const wanted = [retiring?.number ?? live.number, live.number].filter(isHeld)
    assert.deepEqual(new Set(open), new Set(wanted), `${story}: these sets open`)
  }
}

/** With a journal of 128 lines: each of the many processes of a run reads all of it. */
function emptyStorage(): SimStorage {
  return new SimStorage(new Map(), new SimSlots(new Uint8Array(128 * JOURNAL_LINE_BYTES)))
}

const nameOf = (act: Act): string => (act.do === 'give' ? `give to ${act.to}` : act.do)

function explains({ answers }: Expectation, answer: string): boolean {
  if (answers.includes(answer)) return true
  return answers.includes('!*') && answer.startsWith('!') && !SERVER_FAULTS.test(answer.slice(1))
}

import { test } from 'node:test'
import fc from 'fast-check'
import { CHOICE, CHOICES_AT_ONCE, type Choice, FAULT, type Fault, IN_TURN } from './act.ts'
import { Counts, Run } from './run.ts'

const SLOW = process.env['CONCLAVE_SLOW'] === '1'
const RUNS = SLOW ? 10_000 : 600
const MAX_STEPS = 24
/** A run takes about 50 ms of one core; on a machine that does other things as well it may take its time. */
const TIMEOUT_MS = RUNS * 2000
/** `seed`, or `seed/path` to replay one run, which is then shrunk. */
const [SEED = '20250411', PATH] = (process.env['CONCLAVE_SEED'] ?? '')
  .split('/')
  .filter((part) => part !== '')

interface Moment {
  /** What happens at the same time. */
  readonly choices: readonly Choice[]
  readonly fault: Fault | null
}

/** Something that happens: now and then with a fault of the storage, several at once, or one by one. */
class Step implements fc.AsyncCommand<object, Run> {
  readonly #moments: readonly Moment[]

  constructor(moments: readonly Moment[]) {
    this.#moments = moments
  }

  check(): boolean {
    return true
  }

  async run(_: object, run: Run): Promise<void> {
    for (const { choices, fault } of this.#moments) await run.step(choices, fault)
  }

  toString(): string {
    return this.#moments.map(({ choices }) => choices.map(({ what }) => what).join(' and ')).join(', ')
  }
}

const alone = fc
  .record({ choice: CHOICE, fault: FAULT })
  .map(({ choice, fault }) => new Step([{ choices: [choice], fault }]))
const atOnce = CHOICES_AT_ONCE.map((choices) => new Step([{ choices, fault: null }]))
const inTurn = IN_TURN.map(
  (moments) => new Step(moments.map(({ choice, fault }) => ({ choices: [choice], fault }))),
)
const steps = fc.commands([alone, alone, alone, alone, atOnce, inTurn], {
  maxCommands: MAX_STEPS,
  size: 'max',
})

const shown = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([what, times]) => `${what} ${times}`)
    .join('; ')

test(`${RUNS} histories of a store: holders, strangers, operators, crashes and full disks, as the design has it`, {
  timeout: TIMEOUT_MS,
}, async (t) => {
  const counts = new Counts()
  const cpu = process.cpuUsage()
  const property = fc.asyncProperty(steps, async (commands) => {
    const run = await Run.begin(counts)
    await fc.asyncModelRun(() => ({ model: {}, real: run }), commands)
  })
  const which = PATH === undefined ? { numRuns: RUNS, endOnFailure: true } : { numRuns: 1, path: PATH }
  const details = await fc.check(property, { seed: Number(SEED), ...which })
  const { user, system } = process.cpuUsage(cpu)
  const acts = [...counts.acts.values()].reduce((sum, times) => sum + times, 0)
  t.diagnostic(`${details.numRuns} runs, ${acts} acts, ${((user + system) / 1e6).toFixed(1)} s of one core`)
  t.diagnostic(`acts: ${shown(counts.acts)}`)
  t.diagnostic(`faults hit: ${shown(counts.faults)}`)
  t.diagnostic(`turns: ${shown(counts.turns)}`)
  if (!details.failed) return
  const again = `CONCLAVE_SEED=${details.seed}/${details.counterexamplePath}`
  throw new Error(`run ${details.numRuns} fails; replay it with ${again}`, { cause: details.errorInstance })
})

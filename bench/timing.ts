import { SecretBytes } from '../src/base/secret-bytes.ts'
import { Judge } from '../src/ceremony/judge.ts'
import { inverse, multiply } from '../src/crypto/gf256.ts'
import { nodePrimitives } from '../src/crypto/node/primitives.ts'
import { combine } from '../src/crypto/shamir.ts'
import { systemClock, systemEntropy } from '../src/server/system-ports.ts'
import { mintToken } from '../src/token/token.ts'
import { SimStorage } from '../tests/sim/sim-storage.ts'
import { TokenWorld } from '../tests/sim/token-world.ts'
import { World } from '../tests/sim/world.ts'
import type { Plan } from './plan.ts'
import type { Figure } from './report.ts'
import { welch } from './welch.ts'

/** Beyond it, two samples are not of one distribution: the bound that dudect took from practice. */
const BOUND = 4.5
/** What is slower than this share of all is the machine's doing, and is left out of both samples alike. */
const KEPT_SHARE = 0.9
const BYTES = 256
/**
 * So many that none is guessed right, and that no guess comes twice: one that does is faster, right or wrong,
 * as the machine has what it touches at hand.
 */
const GUESSED_CHARACTERS = 6
/** Inputs are made so many at a time, so that the making of one is not felt while it is used. */
const BATCH = 500
const WARM_UP_BATCHES = 4

/** Something that is done with an input of one of two classes, which nobody may tell apart by its time. */
interface Case<Input> {
  readonly name: string
  readonly samples: number
  /** A fresh input; made before any time is taken. */
  readonly make: (isFirst: boolean) => Input
  readonly act: (input: Input) => unknown
  /** Whether a difference is what is to be found: it shows that the measurement finds one. */
  readonly isControl?: true
}

/** |t| of Welch for what handles secrets, beside the bound. The two classes take turns by chance. */
export async function measureTiming(plan: Plan): Promise<readonly Figure[]> {
  return [
    await figure(tokens(plan.samples, await TokenWorld.start())),
    await figure(await shares(plan.samples / 10)),
    await figure(arithmetic('multiply', plan.samples, (byte) => multiply(byte, byte))),
    await figure(arithmetic('inverse', plan.samples / 10, inverse)),
    await figure(combining(plan.samples / 10)),
    await figure(control(plan.samples)),
  ]
}

/** A token of which all but the last characters are right, and one of which none is. */
function tokens(samples: number, world: TokenWorld): Case<string> {
  const right = Buffer.from(world.root)
  return {
    name: 'token that is nearly right, or not at all',
    samples,
    make: (isFirst) => {
      using minted = mintToken(systemEntropy)
      const guess = minted.lend((bytes) => Buffer.from(bytes))
      if (isFirst) right.copy(guess, 0, 0, right.length - GUESSED_CHARACTERS)
      return guess.toString('latin1')
    },
    act: (guess) => world.store.lookup(guess),
  }
}

/** A share with one wrong bit, and one of random bytes. */
async function shares(samples: number): Promise<Case<SecretBytes>> {
  const world = await World.start(new SimStorage(), 'timing')
  const [share] = await world.init(5, 3)
  const { record } = world.custodian
  if (share === undefined || record === null) throw new Error('there is no share')
  const judge = new Judge(nodePrimitives, systemClock)
  return {
    name: 'share with one wrong bit, or of random bytes',
    samples,
    make: (isFirst) => {
      const bytes = systemEntropy.bytes(share.length)
      if (isFirst) bytes.set(share)
      bytes[0] = (bytes[0] ?? 0) ^ 1
      return SecretBytes.take(bytes)
    },
    act: (guess) => {
      try {
        judge.judge([record], guess)
      } catch {
        return
      }
      throw new Error('a wrong share was taken')
    },
  }
}

function arithmetic(name: string, samples: number, of: (byte: number) => number): Case<Uint8Array> {
  return {
    name: `${name} in GF(2^8) of ${BYTES} zeros, or random bytes`,
    samples,
    make: zerosOr,
    act: (bytes) => {
      let sum = 0
      for (const byte of bytes) sum ^= of(byte)
      return sum
    },
  }
}

/** Three shares at the same coordinates, of zeros or of random bytes. */
function combining(samples: number): Case<readonly Uint8Array[]> {
  return {
    name: 'combine three shares of zeros, or random bytes',
    samples,
    make: (isFirst) =>
      [1, 2, 3].map((x) => {
        const share = zerosOr(isFirst).subarray(0, 33)
        share[32] = x
        return share
      }),
    act: (parts) => combine(parts)[Symbol.dispose](),
  }
}

/** What nobody is to write: a comparison that ends at the first byte that differs. */
function control(samples: number): Case<Uint8Array> {
  const right = new Uint8Array(BYTES)
  return {
    name: 'control: a comparison that stops early',
    samples,
    make: zerosOr,
    act: (guess) => right.every((byte, at) => byte === guess[at]),
    isControl: true,
  }
}

function zerosOr(isFirst: boolean): Uint8Array {
  const bytes = systemEntropy.bytes(BYTES)
  if (isFirst) bytes.fill(0)
  return bytes
}

async function figure<Input>(one: Case<Input>): Promise<Figure> {
  const times: [number[], number[]] = [[], []]
  for (let turn = -WARM_UP_BATCHES; turn < one.samples / BATCH; turn++) {
    const batch = Array.from({ length: BATCH }, () => {
      const isFirst = ((systemEntropy.bytes(1)[0] ?? 0) & 1) === 0
      return { isFirst, input: one.make(isFirst) }
    })
    for (const { isFirst, input } of batch) {
      const began = process.hrtime.bigint()
      const done = one.act(input)
      if (done instanceof Promise) await done
      const took = Number(process.hrtime.bigint() - began)
      if (turn >= 0) times[isFirst ? 0 : 1].push(took)
    }
  }
  const sorted = times.flat().sort((left, right) => left - right)
  const most = sorted[Math.floor(sorted.length * KEPT_SHARE)] ?? 0
  const [first, second] = times.map((all) => all.filter((took) => took <= most))
  const t = Math.abs(welch(first ?? [], second ?? []))
  const aim = { of: 'value', is: one.isControl === true ? 'at least' : 'at most', bound: BOUND } as const
  return { name: one.name, unit: '|t|', values: [t], aim }
}

/** A promise of our own code was broken. Nobody catches it: the process wipes its keys and exits. */
export class InvariantError extends Error {
  override name = 'InvariantError'
}

/** Checks a promise that our own code made. For mistakes of the world use `OperatingError`. */
export function assert(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new InvariantError(promise)
}

/** Makes a forgotten case of a union a compile error. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable case ${String((value as { type?: unknown })?.type)}`)
}

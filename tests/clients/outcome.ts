/** What a program that drives a client says of itself, in its first line. */
export interface Introduction {
  readonly client: string
  readonly version: string
  /** Every method that the client has for what is tested here. */
  readonly inventory: readonly string[]
}

/** One call of a method, and whether its promise held. */
export interface Check {
  readonly method: string
  readonly promise: string
  readonly ok: boolean
  readonly error?: string
}

/** A whole run of one client. */
export interface Outcome extends Introduction {
  readonly checks: readonly Check[]
  /** What a program wrote on standard error, where it did not end well. */
  readonly crash: string | null
}

/** A client that could not be run here, and why. */
export interface Skipped {
  readonly client: string
  readonly version: string
  readonly skipped: string
}

/** Reads what a program printed: the introduction, then a line for each check. Other lines are its own. */
export function readOutcome(output: string, crash: string | null): Outcome {
  const lines = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Introduction | Check)
  const introduction = lines.find((line) => 'inventory' in line)
  if (introduction === undefined) throw new Error(`a client said nothing of itself: ${output}${crash ?? ''}`)
  return { ...introduction, checks: lines.filter((line) => 'promise' in line), crash }
}

/** The methods that were called, in the order of the first call. */
export function calledMethods({ checks }: Outcome): readonly string[] {
  return [...new Set(checks.map(({ method }) => method))]
}

/** Longer than a loaded machine takes for any answer, and shorter than the time that a test file has. */
const PATIENCE_MS = 60_000

/**
 * What `act` comes to. Throws once it has taken too long, with what was waited for: a test that hangs says
 * nothing of where. The signal that it hands on ends the request then.
 */
export async function inTime<Result>(
  what: string,
  act: (signal: AbortSignal) => Promise<Result>,
  patienceMs = PATIENCE_MS,
): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const leaving = new AbortController()
  const timer = setTimeout(() => {
    reject(new Error(`${what}: nothing came of it within ${patienceMs / 1000} s`))
    leaving.abort()
  }, patienceMs)
  try {
    return await Promise.race([act(leaving.signal), late])
  } finally {
    clearTimeout(timer)
  }
}

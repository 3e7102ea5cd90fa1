import type { Log } from './log.ts'

export interface Signals {
  /** Resolves with the first signal that asks for the end. */
  readonly stop: Promise<NodeJS.Signals>
  /** Aborted by the second one: what is under way is not waited for any more. */
  readonly hurry: AbortSignal
  /** What SIGHUP does from now on. */
  onHangUp(act: () => void): void
}

/** Takes the signals of this process. Until `onHangUp` is called, SIGHUP cuts no start short. */
export function handleSignals(log: Log): Signals {
  let hangUp = (): void => log.info('got SIGHUP before the start was done; send it again')
  process.on('SIGHUP', () => hangUp())
  // It would open the inspector where Node.js was started without `--disable-sigusr1`.
  process.on('SIGUSR1', () => log.warn('got SIGUSR1, which does nothing here'))
  const first = Promise.withResolvers<NodeJS.Signals>()
  const hurry = new AbortController()
  let count = 0
  const ask = (signal: NodeJS.Signals): void => {
    count++
    if (count === 1) first.resolve(signal)
    if (count !== 2) return
    log.info(`got ${signal} again, cutting off what is under way`)
    hurry.abort()
  }
  // For as long as the process lives: without a listener the next one would end it where it stands.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, ask)
  return {
    stop: first.promise,
    hurry: hurry.signal,
    onHangUp: (act) => {
      hangUp = act
    },
  }
}

import type { Log } from './log.ts'

export interface Signals {
  /** Resolves with the first signal that asks for the end. */
  readonly stop: Promise<NodeJS.Signals>
  /** What SIGHUP does from now on. */
  onHangUp(act: () => void): void
}

/** Takes the signals of this process. Until `onHangUp` is called, SIGHUP cuts no start short. */
export function handleSignals(log: Log): Signals {
  let hangUp = (): void => log.info('got SIGHUP before the start was done; send it again')
  process.on('SIGHUP', () => hangUp())
  // It would open the inspector where Node.js was started without `--disable-sigusr1`.
  process.on('SIGUSR1', () => log.warn('got SIGUSR1, which does nothing here'))
  const stop = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
  return {
    stop,
    onHangUp: (act) => {
      hangUp = act
    },
  }
}

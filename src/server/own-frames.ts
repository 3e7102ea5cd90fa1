const MAX_FRAMES = 10
/** The sources in a checkout, what was built of them in a package. */
const ROOT = new URL('..', import.meta.url).href
/** V8's line of a place: `    at name (file:///…:12:34)`, or without a name. */
const FRAME = /^ {4}at (?:(?:async )?(.+) \()?(file:\/\/[^ )]+):(\d+):\d+\)?$/

/**
 * Where in our own code an error came from, nearest place first: `Barrier.get barrier/barrier.ts:51 < …`.
 * Never its message, which may hold a value, nor what stands outside of our sources.
 */
export function ownFrames(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return ''
  // The message stands before the places, and may look like one.
  const { stack, message } = error
  return stack
    .slice(stack.indexOf(message) + message.length)
    .split('\n')
    .flatMap((line) => {
      const [, name, file = '', number] = FRAME.exec(line) ?? []
      if (!file.startsWith(ROOT)) return []
      const place = `${file.slice(ROOT.length)}:${number}`
      return [name === undefined ? place : `${name} ${place}`]
    })
    .slice(0, MAX_FRAMES)
    .join(' < ')
}

import type { CommandCall, CommandSpec } from './command.ts'
import { DemoServer } from './demo/demo-server.ts'
import { Narrator } from './demo/narrator.ts'
import { tellStory } from './demo/story.ts'
import { describeFailure, EXIT_OK, EXIT_USAGE } from './failure.ts'
import { say } from './io.ts'

/** `conclave demo`: a whole life of keys on a real server. Exit code 1 when a step is not as it should be. */
export const command: CommandSpec = {
  name: 'demo',
  summary: 'Takes a real server through a life of keys, in a temporary folder; nothing is left behind.',
  operands: '',
  arity: [0, 0],
  examples: [{ does: 'every line is a request and its answer', types: 'demo' }],
  flags: [],
  connects: false,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const server = await DemoServer.prepare(call.io)
  const stop = () => server.kill()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const narrator = new Narrator(call.io)
  try {
    await tellStory({ server, narrator, hashing: await call.ports.loadHashing() })
    return EXIT_OK
  } catch (error) {
    const { message } = describeFailure(error)
    say(call.io, `\nThe demo stops here, as a step was not as it should be: ${message}`)
    if (server.lastWords() !== '') say(call.io, `\nThe server said last:\n${server.lastWords()}`)
    return EXIT_USAGE
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    await server.remove()
  }
}

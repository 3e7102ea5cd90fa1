import type { ConclaveClient } from '../client/conclave-client.ts'
import { NotSent } from '../client/not-sent.ts'
import { setting } from '../config/environment.ts'
import { nearest } from '../config/nearest.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { COMMANDS, chooseCommand } from './commands.ts'
import { EXIT_OK, EXIT_USAGE, UsageError } from './failure.ts'
import { reportFailure } from './failure-report.ts'
import { parseArguments } from './grammar.ts'
import type { CliIo, CliPorts } from './io.ts'
import { put, say } from './io.ts'
import { type Format, Output, parseFormat } from './output.ts'

/** Runs the command that `argv` names, or shows help; the exit code. Never throws: failures are told. */
export async function runCall(argv: readonly string[], io: CliIo, ports: CliPorts): Promise<number> {
  try {
    const choice = chooseCommand(argv)
    if (choice.kind === 'unknown') throw unknownCommand(choice.name)
    if (choice.kind === 'command') {
      const { command } = await choice.entry.load()
      return await runCommand(command, choice.rest, { io, ports })
    }
    const entries = COMMANDS.filter((entry) => choice.name === '' || entry.name.startsWith(`${choice.name} `))
    const { groupHelp } = await import('./help.ts')
    const text = groupHelp(choice.name, entries)
    if (choice.asked) await put(io, text)
    else io.stderr.write(text)
    return choice.asked ? EXIT_OK : EXIT_USAGE
  } catch (error) {
    return reportFailure(io, argv, error)
  }
}

async function runCommand(spec: CommandSpec, argv: readonly string[], world: World): Promise<number> {
  const { flags, operands, program } = parseArguments(spec, argv)
  if (flags.on('help')) {
    const { commandHelp } = await import('./help.ts')
    await put(world.io, commandHelp(spec))
    return EXIT_OK
  }
  const clients: ConclaveClient[] = []
  const told = new Set<string>()
  // A command may connect several times, and says it once.
  const warn = (line: string): void => {
    if (!told.has(line)) say(world.io, line)
    told.add(line)
  }
  const call: CommandCall = {
    ...world,
    flags,
    operands,
    program,
    output: new Output(world.io, spec.answers ? chosenFormat(flags.text('format'), world.io) : 'table'),
    connect: async (token) => {
      // A server, and what works offline, needs no client.
      const { connect } = await import('./environment.ts')
      const requests = spec.requests === true
      const own = token === undefined ? {} : { token }
      const client = await connect(world.io, flags, { requests, warn, ...own })
      clients.push(client)
      return client
    },
  }
  try {
    return await spec.run(call)
  } catch (error) {
    if (!(error instanceof NotSent)) throw error
    const { putCurl } = await import('./curl-string.ts')
    return await putCurl(call.io, error)
  } finally {
    for (const client of clients) client.close()
  }
}

interface World {
  readonly io: CliIo
  readonly ports: CliPorts
}

function chosenFormat(flag: string | null, io: CliIo): Format {
  return parseFormat(flag ?? setting(io.env, 'FORMAT') ?? 'table')
}

function unknownCommand(name: string): UsageError {
  const shown = /^[a-z -]{1,40}$/.test(name) ? ` "${name}"` : ''
  const [first = ''] = name.split(' ')
  const isGroup = COMMANDS.some((entry) => entry.name.startsWith(`${first} `))
  const meant = nearest(name, namesOfCommands())
  const guess = meant === null ? '' : `Did you mean "conclave ${meant}"? `
  const help = isGroup ? `conclave ${first} -h` : 'conclave -h'
  return new UsageError(`there is no command${shown}`, { hint: `${guess}See "${help}".` })
}

/** Those that can be called, and the words that several begin with. */
function namesOfCommands(): readonly string[] {
  const groups = COMMANDS.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : []))
  return [...COMMANDS.map(({ name }) => name), ...new Set(groups)]
}

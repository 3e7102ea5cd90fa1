import { isMembers } from '../../client/answers.ts'
import type { ConclaveClient } from '../../client/conclave-client.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { withoutTokens } from '../environment.ts'
import { during, EXIT_SERVER, UsageError } from '../failure.ts'
import { say } from '../io.ts'
import { bothNames, kvPath } from '../kv/kv-path.ts'
import { dataOf } from '../logical-output.ts'
import { NotStarted, runChild } from './child.ts'
import { programEnvironment, type Source } from './program-environment.ts'

/** `conclave run`: a program with secrets in its environment. */
export const command: CommandSpec = {
  name: 'run',
  summary: 'Runs a program with secrets as variables of its environment; no list of processes shows them.',
  operands: 'PATH …',
  arity: [1, Infinity],
  examples: [
    { does: 'a variable for every key of the secret', types: 'run secret/app -- ./server --port=80' },
    {
      does: 'of several secrets, as APP_PASSWORD and so on',
      types: 'run -prefix=APP_ -upper secret/app secret/db -- env',
    },
  ],
  flags: [
    { name: 'prefix', kind: 'text', value: 'NAME_', help: 'in front of every name' },
    { name: 'upper', kind: 'switch', help: 'names in capitals, with _ for what no name can have' },
    { name: 'replace', kind: 'switch', help: 'let variables that are set already give way' },
    {
      name: 'keep-token',
      kind: 'switch',
      help: 'pass on CONCLAVE_TOKEN, BAO_TOKEN, VAULT_TOKEN; else left out',
    },
  ],
  connects: true,
  paths: 'kv',
  startsProgram: true,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const { flags, io, operands, program } = call
  if (program.length === 0) throw new UsageError('there is no program: write it behind --', { hint: USAGE })
  const client = await call.connect()
  const sources: Source[] = []
  for (const given of operands) {
    const source = await read(call, client, given)
    if (source === null) return EXIT_SERVER
    sources.push(source)
  }
  // The program may run for days.
  client.close()
  const naming = {
    prefix: flags.text('prefix') ?? '',
    upper: flags.on('upper'),
    replace: flags.on('replace'),
  }
  // A token may do more than read these secrets, and what a program has, its logs and its children have.
  const present = flags.on('keep-token') ? io.env : withoutTokens(io.env)
  const environment = programEnvironment(present, sources, naming)
  try {
    return await runChild(program, environment, io)
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error
    say(io, error.message)
    return error.exitCode
  }
}

const USAGE = 'For example: conclave run secret/app -- ./server'

/** Of a KV mount in any spelling, or of an engine that makes what it answers. `null` where nothing is. */
async function read(call: CommandCall, client: ConclaveClient, given: string): Promise<Source | null> {
  const path = await during('Error looking for the mount', () => kvPath(call, client, given))
  const api = path.api('data')
  const answer = await during(`Error reading ${api}`, () => client.looking.read(api))
  const data = dataOf(answer?.members ?? {})
  const values = path.version === 1 ? data : data['data']
  if (answer !== null && isMembers(values)) return { path: path.logical, values }
  say(call.io, `No value found at ${bothNames(path, 'data')}\n\nThe program was not started.`)
  return null
}

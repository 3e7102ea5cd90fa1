import type { CommandCall, CommandSpec } from './command.ts'
import type { ServerFlags } from './io.ts'

/** `conclave server`: runs a server until it is told to stop. */
export const command: CommandSpec = {
  name: 'server',
  summary: 'Runs a server. Without flags: in the folder ./data, on 127.0.0.1:8200.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'a real server on this machine, which says what to do next', types: 'server' },
    { does: 'another folder and port', types: 'server -data=/srv/conclave -address=127.0.0.1:8300' },
    { does: 'from a JSON file', types: 'server -config=conclave.json' },
  ],
  flags: [
    { name: 'config', kind: 'list', value: 'FILE', help: 'JSON file of settings; may be given again' },
    { name: 'address', kind: 'text', value: 'HOST:PORT', help: 'where to listen (127.0.0.1:8200)' },
    { name: 'data', kind: 'text', value: 'FOLDER', help: 'where the store is kept (./data)' },
    { name: 'log-level', kind: 'text', value: 'LEVEL', help: 'trace, debug, info, warn or error (info)' },
    { name: 'log-format', kind: 'text', value: 'FORMAT', help: 'standard or json (standard)' },
  ],
  later: ['dev', 'exit-on-core-init', 'recovery', 'test-server-config'],
  connects: false,
  answers: false,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const { runServer } = await call.ports.loadServer()
  return runServer({ configPaths: call.flags.list('config'), flags: serverFlags(call), io: call.io })
}

function serverFlags(call: CommandCall): ServerFlags {
  const address = call.flags.text('address')
  const dataFolder = call.flags.text('data')
  const logLevel = call.flags.text('log-level')
  const logFormat = call.flags.text('log-format')
  return {
    ...(address === null ? {} : { address }),
    ...(dataFolder === null ? {} : { dataFolder }),
    ...(logLevel === null ? {} : { logLevel }),
    ...(logFormat === null ? {} : { logFormat }),
  }
}

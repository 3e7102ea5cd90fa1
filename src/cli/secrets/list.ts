import { isMembers, type Members, text } from '../../client/answers.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK } from '../failure.ts'
import { goDuration } from '../go-duration.ts'
import { dataOf, putIfWrapped } from '../logical-output.ts'
import { renderCell } from '../output.ts'

/** `conclave secrets list`: the engines that are mounted. */
export const command: CommandSpec = {
  name: 'secrets list',
  summary: 'Lists the engines that are mounted, by path.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'path, type, accessor and description', types: 'secrets list' },
    { does: 'with their settings', types: 'secrets list -detailed' },
  ],
  flags: [{ name: 'detailed', kind: 'switch', help: 'with the settings of each' }],
  connects: true,
  requests: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const answer = await during('Error listing secrets engines', () => client.logical.read('sys/mounts'))
  if (await putIfWrapped(call, answer)) return EXIT_OK
  const mounts = dataOf(answer?.members ?? {})
  const paths = Object.keys(mounts).sort()
  const columns = call.flags.on('detailed') ? [...USUAL, ...DETAILS] : USUAL
  const lines = paths.map((path) => {
    const mount = mounts[path]
    return [path, ...columns.map(([, cell]) => cell(isMembers(mount) ? mount : {}))]
  })
  await call.output.grid([['Path', ...columns.map(([title]) => title)], ...lines], mounts)
  return EXIT_OK
}

type Column = readonly [title: string, cell: (mount: Members) => string]

const USUAL: readonly Column[] = [
  ['Type', (mount) => text(mount, 'type')],
  ['Accessor', (mount) => text(mount, 'accessor')],
  ['Description', (mount) => text(mount, 'description')],
]

const DETAILS: readonly Column[] = [
  ['Default TTL', (mount) => ttl(mount, 'default_lease_ttl')],
  ['Max TTL', (mount) => ttl(mount, 'max_lease_ttl')],
  ['Options', (mount) => (isMembers(mount['options']) ? renderCell(mount['options']) : '')],
  ['Local', (mount) => String(mount['local'] === true)],
  ['UUID', (mount) => text(mount, 'uuid')],
]

/** 0 stands for what the server has for all. */
function ttl(mount: Members, name: string): string {
  const value = isMembers(mount['config']) ? mount['config'][name] : 0
  return typeof value === 'number' && value > 0 ? goDuration(value) : 'system'
}

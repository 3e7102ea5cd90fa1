import type { Node } from '../client/answers.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'

/** `conclave operator members`: the servers of a cluster. */
export const command: CommandSpec = {
  name: 'operator members',
  summary: 'Lists the servers of a cluster, and which is the active one.',
  operands: '',
  arity: [0, 0],
  examples: [
    { does: 'needs a token', types: 'operator members' },
    { does: 'for a script', types: 'operator members -format=json' },
  ],
  flags: [],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const nodes = await during('Error reading the members', () => client.nodes())
  await call.output.grid([HEADER, ...nodes.map(memberLine)], { Nodes: nodes.map(memberValue) })
  return EXIT_OK
}

/** key-lifecycle.md section 10.3. */
const HEADER = [
  ...['Host Name', 'API Address', 'Cluster Address', 'Active Node'],
  ...['Version', 'Upgrade Version', 'Last Echo'],
]

/** One line of the table. */
export function memberLine(node: Node): readonly string[] {
  return [
    ...[node.hostname, node.apiAddress, node.clusterAddress, String(node.activeNode)],
    ...[node.version, node.upgradeVersion, node.lastEcho],
  ]
}

function memberValue(node: Node) {
  return {
    hostname: node.hostname,
    api_address: node.apiAddress,
    cluster_address: node.clusterAddress,
    active_node: node.activeNode,
    last_echo: node.lastEcho === '' ? null : node.lastEcho,
    version: node.version,
    ...(node.upgradeVersion === '' ? {} : { upgrade_version: node.upgradeVersion }),
  }
}

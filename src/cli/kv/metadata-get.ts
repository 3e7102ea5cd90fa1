import { isMembers, type Members } from '../../client/answers.ts'
import type { CommandCall, CommandSpec } from '../command.ts'
import { during, EXIT_OK, EXIT_SERVER } from '../failure.ts'
import { say } from '../io.ts'
import { dataOf, FIELD_FLAG, putAsked } from '../logical-output.ts'
import { pathPart, putParts, tablePart } from './kv-output.ts'
import { bothNames, MOUNT_FLAG, versionedKey } from './kv-path.ts'

/** `conclave kv metadata get`: what is known of a secret besides its values. */
export const command: CommandSpec = {
  name: 'kv metadata get',
  summary: 'Tells of a secret its versions and settings, and none of its values.',
  operands: 'PATH',
  arity: [1, 1],
  examples: [
    { does: 'all of it', types: 'kv metadata get secret/app' },
    { does: 'the number of the newest version', types: 'kv metadata get -field=current_version secret/app' },
  ],
  flags: [MOUNT_FLAG, FIELD_FLAG],
  connects: true,
  requests: true,
  paths: 'kv',
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  const path = await versionedKey(call, client)
  const api = path.api('metadata')
  const answer = await during(`Error reading ${api}`, () => client.logical.read(api))
  if (answer === null) {
    say(call.io, `No value found at ${bothNames(path, 'metadata')}`)
    return EXIT_SERVER
  }
  const isTable = call.flags.text('field') === null && call.output.format === 'table'
  if (!isTable || isMembers(answer.members['wrap_info'])) {
    await putAsked(call, answer)
    return EXIT_OK
  }
  const { versions, ...settings } = dataOf(answer.members)
  await putParts(call, [
    pathPart(path, 'metadata'),
    tablePart('Metadata', settings),
    ...versionParts(versions),
  ])
  return EXIT_OK
}

function versionParts(versions: unknown) {
  const all: Members = isMembers(versions) ? versions : {}
  return Object.keys(all)
    .sort((left, right) => Number(left) - Number(right))
    .map((number) => {
      const version = all[number]
      return tablePart(`Version ${number}`, isMembers(version) ? version : {})
    })
}

import type { KeyStatus } from '../client/answers.ts'
import type { CommandCall, CommandSpec } from './command.ts'
import { during, EXIT_OK } from './failure.ts'
import type { Row } from './output.ts'

/** `conclave operator key-status`: the data key in use. */
export const command: CommandSpec = {
  name: 'operator key-status',
  summary: 'Tells which data key is in use, since when, and how much it has encrypted.',
  operands: '',
  arity: [0, 0],
  examples: [{ does: 'needs a token', types: 'operator key-status' }],
  flags: [],
  connects: true,
  answers: true,
  run,
}

async function run(call: CommandCall): Promise<number> {
  const client = await call.connect()
  await putKeyStatus(call, await during('Error reading key status', () => client.keyStatus()))
  return EXIT_OK
}

/** The table and the object of key-lifecycle.md section 10.3. */
export async function putKeyStatus(call: CommandCall, status: KeyStatus): Promise<void> {
  const { term, installTime, encryptions } = status
  await call.output.facts(keyRows(status), { term, install_time: installTime, encryptions })
}

export function keyRows(status: KeyStatus): readonly Row[] {
  return [
    ['Key Term', String(status.term)],
    ['Install Time', shortTime(status.installTime)],
    ['Encryption Count', String(status.encryptions)],
  ]
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `23 Nov 26 08:39 UTC`, from RFC 3339: the form that Go calls RFC822. Anything else is shown as it came. */
function shortTime(text: string): string {
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) return text
  const two = (part: number): string => String(part % 100).padStart(2, '0')
  const day = `${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()]} ${two(at.getUTCFullYear())}`
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`
}

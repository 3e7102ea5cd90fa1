import type { Members } from '../../client/answers.ts'
import type { CommandCall } from '../command.ts'
import { UsageError } from '../failure.ts'
import type { FlagSpec } from '../flags.ts'
import { readToken } from '../token-source.ts'

export const ACCESSOR_FLAG: FlagSpec = {
  name: 'accessor',
  kind: 'switch',
  help: 'the operand is an accessor, which is no secret',
}

/** Which token a command is about: the one it uses, another by itself, or another by its accessor. */
export type Target =
  | { readonly kind: 'self' }
  | { readonly kind: 'token'; readonly body: Members }
  | { readonly kind: 'accessor'; readonly body: Members }

/** What `operand` and `-accessor` name; without an operand the token that is used. Throws `UsageError`. */
export async function readTarget(call: CommandCall, operand: string | undefined): Promise<Target> {
  if (call.flags.on('accessor')) {
    if (operand === undefined) throw new UsageError('-accessor needs an accessor behind it')
    return { kind: 'accessor', body: { accessor: operand } }
  }
  if (operand === undefined) return { kind: 'self' }
  return { kind: 'token', body: { token: await readToken(call, operand) } }
}

import { fromUtf8 } from '../base/encoding.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { CommandCall } from './command.ts'
import { UsageError } from './failure.ts'
import { say } from './io.ts'
import { isToken } from './own-token.ts'
import { promptHidden, readSecret } from './prompt.ts'

const WAYS = 'Give it with - to read it from standard input.'

/**
 * The token that an operand stands for: itself, with a warning, or all of standard input for `-`. Without an
 * operand it is asked for. Throws `UsageError`.
 *
 * It becomes a string, as it travels in a header or a body of JSON (SECURITY.md).
 */
export async function readToken(call: CommandCall, operand: string | undefined): Promise<string> {
  if (operand === '-') return textOf(await readSecret(call.io.stdin, 'standard input'))
  if (operand !== undefined) {
    say(call.io, ARGUMENT_WARNING)
    return checked(operand)
  }
  const isForbidden = call.flags.on('non-interactive')
  if (isForbidden || !call.io.tty.stdin) {
    const message = isForbidden
      ? 'a token would have to be asked for, and -non-interactive forbids it'
      : 'a token cannot be asked for: standard input is not a terminal'
    throw new UsageError(message, { code: isForbidden ? 'usage' : 'not_a_terminal', hint: WAYS })
  }
  return textOf(await promptHidden(call.io, 'Token (will be hidden): ', 'refused'))
}

const ARGUMENT_WARNING =
  'Warning: a token on the command line can be seen by others in the list of processes and in the history ' +
  'of the shell. Use - to give it by standard input.'

function textOf(secret: SecretBytes): string {
  using bytes = secret
  return checked(bytes.lend(fromUtf8).trim())
}

function checked(token: string): string {
  if (isToken(token)) return token
  throw new UsageError('this is no token: it has blanks or characters that no token has', { hint: WAYS })
}

import { createReadStream } from 'node:fs'
import { utf8 } from '../base/encoding.ts'
import { hasCode } from '../base/errors.ts'
import { SecretBytes } from '../base/secret-bytes.ts'
import { parseShare } from '../custody/share-format.ts'
import type { CommandCall } from './command.ts'
import { fileProblem, UsageError } from './failure.ts'
import type { FlagSpec } from './flags.ts'
import { say } from './io.ts'
import { promptHidden, readSecret } from './prompt.ts'

export const SHARE_FILE_FLAG: FlagSpec = {
  name: 'share-file',
  kind: 'text',
  value: 'PATH',
  help: 'read the share from a file',
}

/** Where a share comes from. Whoever types it at a prompt has just been shown what it is for. */
export type ShareOrigin = 'argument' | 'stdin' | 'file' | 'prompt'

/** Which way this call gives its share, before anything is read. Throws `UsageError` when there is none. */
export function shareOrigin(call: CommandCall): ShareOrigin {
  const [operand] = call.operands
  const file = call.flags.text('share-file')
  if (operand !== undefined && file !== null)
    throw new UsageError('give a share once: as argument or -share-file')
  if (operand === '-') return 'stdin'
  if (operand !== undefined) return 'argument'
  if (file !== null) return 'file'
  if (call.flags.on('non-interactive')) {
    throw new UsageError('a share would have to be asked for, and -non-interactive forbids it', {
      hint: WAYS,
    })
  }
  if (!call.io.tty.stdin) {
    const message = 'a share cannot be asked for: standard input is not a terminal'
    throw new UsageError(message, { code: 'not_a_terminal', hint: WAYS })
  }
  return 'prompt'
}

/** The raw bytes of the share, checked here before anything is sent. The caller owns them. */
export async function readShare(
  call: CommandCall,
  origin: ShareOrigin,
  question: string,
): Promise<SecretBytes> {
  using text = await shareText(call, origin, question)
  const hashing = await call.ports.loadHashing()
  try {
    return text.lend((bytes) => parseShare(bytes, hashing).share)
  } catch (error) {
    if (!hasCode(error, 'share_malformed')) throw error
    throw new UsageError(error.message, { code: error.code, hint: 'Nothing was sent.' })
  }
}

const WAYS = 'Give it with - to read it from standard input, or with -share-file=PATH.'

const ARGUMENT_WARNING =
  'Warning: a share on the command line can be seen by others in the list of processes and in the history ' +
  'of the shell. Leave it out to be asked for it, or use - or -share-file.'

async function shareText(call: CommandCall, origin: ShareOrigin, question: string): Promise<SecretBytes> {
  if (origin === 'prompt') return promptHidden(call.io, question)
  if (origin === 'stdin') return readSecret(call.io.stdin, 'standard input')
  if (origin === 'file') return readSecretFile(call.flags.text('share-file') ?? '')
  say(call.io, ARGUMENT_WARNING)
  const operand = call.operands[0] ?? ''
  if (operand === '') throw new UsageError('the share is empty, and nothing was sent')
  // The runtime made a string of it before we were asked: the reason for the warning.
  return SecretBytes.take(utf8(operand))
}

/** The text of a file with a secret in it, the caller's own. Throws `UsageError` that names the file. */
export async function readSecretFile(path: string): Promise<SecretBytes> {
  try {
    return await readSecret(createReadStream(path), `the file ${path}`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`the file ${path} is of no use: ${fileProblem(error)}`)
  }
}

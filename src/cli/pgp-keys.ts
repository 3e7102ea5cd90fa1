import type { CommandCall } from './command.ts'
import { UsageError } from './failure.ts'

/**
 * The public keys that a flag names, `one.asc,two.gpg`: standard base64 of each in binary form, as servers
 * take them (key-lifecycle.md section 8.2). Throws `UsageError`.
 */
export async function readPgpKeys(_call: CommandCall, names: string | null): Promise<readonly string[]> {
  if (names === null) return []
  throw new UsageError('-pgp-keys comes with a later version of conclave', { code: 'not_yet' })
}

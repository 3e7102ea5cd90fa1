import { assert } from '../base/assert.ts'
import { concat, utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { SecretBytes } from '../base/secret-bytes.ts'
import type { Custodian } from '../ceremony/custodian.ts'
import type { InitAnswer } from '../ceremony/init.ts'
import { isLoopback } from '../config/address.ts'
import type { DevConfig } from '../config/dev.ts'
import { writeTokenFile } from '../config/token-file.ts'
import { shareBase64 } from '../custody/share-format.ts'
import type { Log } from './log.ts'

/** Where a server speaks: a stream, or what a test makes of one. */
export interface Output {
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): unknown
}

/** Who asks, and where the one share comes from, as others come from an address. */
const SOURCE = 'this process'

/** Initialises an empty store with one key, and opens it with that. The caller wipes the answer. */
export async function openForDevelopment(custodian: Custodian): Promise<InitAnswer> {
  const terms = { shares: 1, threshold: 1, recipients: null, tokenRecipient: null }
  const answer = await custodian.init(terms, SOURCE)
  await custodian.unseal(onlyShare(answer).clone(), SOURCE)
  return answer
}

function onlyShare({ parcel }: InitAnswer): SecretBytes {
  assert(parcel.kind === 'clear', 'an init without recipients wrapped its share')
  const [share] = parcel.shares
  assert(share !== undefined, 'an init for one holder gave no share')
  return share
}

/**
 * Prints the two secrets, behind the warning that belongs to them, and leaves the root token for the command
 * line. Test harnesses look for `Unseal Key:` and `Root Token:` (surface.md section 13.8).
 */
export async function announceDev(started: {
  readonly dev: DevConfig
  readonly opened: InitAnswer
  readonly address: string
  readonly log: Log
  readonly out: Output
}): Promise<void> {
  const { dev, opened, address, log, out } = started
  const storedAt = storeToken(dev, opened, log)
  await print(out, utf8(notice(dev, { address, storedAt })))
  using key = shareBase64(onlyShare(opened))
  const lines = opened.rootToken.lend((token) =>
    key.lend((text) => concat(utf8('Unseal Key: '), text, utf8('\nRoot Token: '), token, utf8('\n\n'))),
  )
  try {
    await print(out, lines)
  } finally {
    lines.fill(0)
  }
  await print(out, utf8('Development mode is not for production: it keeps nothing, and hides nothing.\n'))
}

/** Where the root token is now; `null` where it was not to be stored, or could not. */
function storeToken({ tokenFile }: DevConfig, { rootToken }: InitAnswer, log: Log): string | null {
  if (tokenFile === null) return null
  try {
    writeTokenFile(tokenFile, rootToken)
    return tokenFile
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    // It is printed as well: a server for an afternoon need not fail for that.
    log.warn(`the root token was not stored for the command line: ${error.message}`)
    return null
  }
}

function notice(
  { config }: DevConfig,
  { address, storedAt }: { readonly address: string; readonly storedAt: string | null },
): string {
  const isAbroad = config.listeners.some((one) => one.type === 'tcp' && !isLoopback(one.host))
  return [
    'WARNING! This is a server for development. What it holds is in memory and is lost when it ends; one key',
    'opens it, and it has opened itself. Whoever reads the lines below can read everything in it.',
    ...(isAbroad ? ['It listens beyond this machine, without TLS: whoever is in between reads along.'] : []),
    '',
    'secret/ is a KV engine of version 2: conclave kv put secret/app password=…',
    ...(storedAt === null ? [] : [`The command line finds the root token in ${storedAt}.`]),
    '',
    'You may need to set the following environment variables:',
    '',
    `    $ export VAULT_ADDR='${address}'`,
    '',
    'The unseal key and the root token, in case you want to seal and to unseal, or to log in elsewhere:',
    '',
    '',
  ].join('\n')
}

/** Resolves once the stream has taken the bytes: only then may they be wiped. */
function print(out: Output, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // A reader who has left is no failure: the server runs on.
  out.write(bytes, (error) =>
    error && !('code' in error && error.code === 'EPIPE') ? reject(error) : resolve(),
  )
  return promise
}

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What GnuPG is asked for in its own words: `Key-Type`, `Subkey-Curve` and so on, one a line. */
export type KeyParameters = Readonly<Record<string, string | number>>

export interface Decrypted {
  readonly plaintext: Buffer
  /** What GnuPG says of the message (its doc/DETAILS), one line each, without the prefix. */
  readonly status: readonly string[]
}

/** Whether GnuPG is installed here. */
export function hasGpg(): boolean {
  return spawnSync('gpg', ['--version'], { stdio: 'ignore' }).status === 0
}

/** A person with GnuPG and a folder of keys that nobody else sees. Disposing ends its agent, too. */
export class GpgHome implements Disposable {
  // Made with mode 0700; short, as the path of the agent's socket may have 107 bytes.
  readonly #folder = mkdtempSync(join(tmpdir(), 'gpg-'))

  /** Makes a key without passphrase and gives its fingerprint. `at` is a time such as `20240101T000000`. */
  make(parameters: KeyParameters, at?: string): string {
    const lines = Object.entries({ 'Name-Real': 'Holder', ...parameters }).map(
      ([key, value]) => `${key}: ${value}`,
    )
    // `Key-Type` has to be first, and everything else may stand in any order behind it.
    lines.sort((left, right) => Number(right.startsWith('Key-Type')) - Number(left.startsWith('Key-Type')))
    const time = at === undefined ? [] : ['--faked-system-time', at]
    const script = ['%no-protection', ...lines, '%commit', ''].join('\n')
    const { status } = this.#run([...time, '--status-fd', '2', '--generate-key'], Buffer.from(script))
    const created = status.find((line) => line.startsWith('KEY_CREATED '))
    return created?.split(' ')[2] ?? ''
  }

  /** `gpg --export`: the binary public key. */
  export(fingerprint: string): Buffer {
    return this.#run(['--export', fingerprint]).output
  }

  /** `gpg --armor --export`. */
  exportArmored(fingerprint: string): Buffer {
    return this.#run(['--armor', '--export', fingerprint]).output
  }

  exportSecret(fingerprint: string): Buffer {
    return this.#run(['--export-secret-keys', fingerprint]).output
  }

  import(key: Uint8Array): void {
    this.#run(['--import'], key)
  }

  /** Imports the certificate that GnuPG made beside the key and disarmed with a colon. */
  revoke(fingerprint: string): void {
    const path = join(this.#folder, 'openpgp-revocs.d', `${fingerprint}.rev`)
    this.import(Buffer.from(readFileSync(path, 'utf8').replace(':-----BEGIN', '-----BEGIN')))
  }

  decrypt(message: Uint8Array): Decrypted {
    const { output, status } = this.#run(['--status-fd', '2', '--decrypt'], message)
    return { plaintext: output, status }
  }

  /** What a holder types: `base64 -d | gpg -d`. */
  decryptBase64(message: string): Buffer {
    const arguments_ = ['-c', 'base64 -d | gpg "$@" -d', 'sh', ...this.#options()]
    return execFileSync('sh', arguments_, { input: message, stdio: ['pipe', 'pipe', 'ignore'] })
  }

  [Symbol.dispose](): void {
    spawnSync('gpgconf', ['--homedir', this.#folder, '--kill', 'all'], { stdio: 'ignore' })
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #options(): readonly string[] {
    return ['--homedir', this.#folder, '--batch', '--no-tty', '--quiet']
  }

  #run(arguments_: readonly string[], input?: Uint8Array): { output: Buffer; status: readonly string[] } {
    const given = input === undefined ? {} : { input }
    const run = spawnSync('gpg', [...this.#options(), ...arguments_], { ...given, timeout: 120_000 })
    const told = run.stderr.toString()
    if (run.status !== 0) throw new Error(`gpg ${arguments_.join(' ')} failed: ${told}`)
    const prefix = '[GNUPG:] '
    const lines = told.split('\n').filter((line) => line.startsWith(prefix))
    return { output: run.stdout, status: lines.map((line) => line.slice(prefix.length)) }
  }
}

import type { SecretBytes } from '../base/secret-bytes.ts'
import type { RootStatus } from '../client/root-client.ts'
import type { CommandCall } from './command.ts'
import { say } from './io.ts'
import { putSecret, renderMembers, renderSecretFacts, type SecretRow } from './secret-output.ts'
import { progressLine } from './status.ts'

/** Prints how far a root token is (key-lifecycle.md section 10.3). The password stays the caller's. */
export async function putRootStatus(
  call: CommandCall,
  status: RootStatus,
  otp: SecretBytes | null = null,
): Promise<void> {
  const { format } = call.output
  if (format !== 'table') return putSecret(call.io, renderMembers(format, rootMembers(status, otp)))
  if (otp !== null) say(call.io, OTP_NOTE)
  await putSecret(call.io, renderSecretFacts(rootRows(status, otp)))
  say(call.io, `\n${nextStep(status)}`)
}

/** The rows of a table without a header. */
export function rootRows(status: RootStatus, otp: SecretBytes | null): readonly SecretRow[] {
  const rows: readonly SecretRow[] = [
    ['Nonce', status.nonce],
    ['Started', String(status.started)],
    ['Progress', `${status.progress}/${status.required}`],
    ['Complete', String(status.complete)],
  ]
  return [
    ...rows,
    ...givenRow('PGP Fingerprint', status.pgpFingerprint),
    ...givenRow('Encoded Token', status.encodedToken),
    ...(status.encodedToken === '' ? givenRow('Encoded Root Token', status.encodedRootToken) : []),
    ...(otp === null ? [] : [['OTP', otp] as const]),
    ...(status.otpLength === 0 ? [] : [['OTP Length', String(status.otpLength)] as const]),
  ]
}

function givenRow(title: string, value: string): readonly SecretRow[] {
  return value === '' ? [] : [[title, value]]
}

function rootMembers(status: RootStatus, otp: SecretBytes | null) {
  return [
    { name: 'nonce', value: status.nonce },
    { name: 'started', value: status.started },
    { name: 'progress', value: status.progress },
    { name: 'required', value: status.required },
    { name: 'complete', value: status.complete },
    { name: 'encoded_token', value: status.encodedToken },
    { name: 'encoded_root_token', value: status.encodedRootToken },
    { name: 'pgp_fingerprint', value: status.pgpFingerprint },
    otp === null ? { name: 'otp', value: '' } : { name: 'otp', secret: otp },
    { name: 'otp_length', value: status.otpLength },
  ]
}

const OTP_NOTE = `A one-time password was made for you; it stands below behind OTP. Keep it, and to
yourself: only with it can the new token be read.
`

function nextStep(status: RootStatus): string {
  if (status.complete && status.pgpFingerprint !== '') {
    return 'The token is encrypted to that key.\nNext: base64 -d | gpg -d'
  }
  if (status.complete) return 'Next: conclave operator generate-root -decode=ENCODED_TOKEN -otp=OTP'
  if (!status.started) return 'Next: conclave operator generate-root -init'
  return `${progressLine(status.progress, status.required)}\nNext: conclave operator generate-root`
}

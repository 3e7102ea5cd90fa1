import type { Members } from '../client/answers.ts'
import type { RekeyBackup, RekeyStatus, VerifyStatus } from '../client/rekey-answers.ts'
import type { Row } from './output.ts'

// The tables and objects of key-lifecycle.md section 10.3.

/** The rows of a rekey. */
export function rekeyRows(status: RekeyStatus): readonly Row[] {
  const head: readonly Row[] = [
    ['Nonce', status.nonce],
    ['Started', String(status.started)],
  ]
  return [...head, ...(status.started ? runningRows(status) : []), ...recipientRows(status)]
}

/** The object of a rekey. */
export function rekeyValue(status: RekeyStatus): Members {
  return {
    nonce: status.nonce,
    started: status.started,
    t: status.threshold,
    n: status.shares,
    progress: status.progress,
    required: status.required,
    pgp_fingerprints: status.pgpFingerprints,
    backup: status.backup,
    verification_required: status.verificationRequired,
    verification_nonce: status.verificationNonce,
  }
}

/** The rows of a verification. */
export function verifyRows(status: VerifyStatus): readonly Row[] {
  return [
    ['Started', String(status.started)],
    ['New Shares', String(status.shares)],
    ['New Threshold', String(status.threshold)],
    ['Verification Nonce', status.nonce],
    ['Verification Progress', `${status.progress}/${status.required}`],
  ]
}

/** The object of a verification. */
export function verifyValue(status: VerifyStatus): Members {
  return {
    nonce: status.nonce,
    started: status.started,
    t: status.threshold,
    n: status.shares,
    progress: status.progress,
  }
}

/** The rows of a backup. */
export function backupRows(backup: RekeyBackup): readonly Row[] {
  return [
    ['keys', goMap(backup.keys)],
    ['keys_base64', goMap(backup.keysBase64)],
    ['nonce', backup.nonce],
  ]
}

/** The envelope that the peers make of a backup. */
export function backupValue(backup: RekeyBackup): Members {
  return {
    request_id: '',
    lease_id: '',
    lease_duration: 0,
    renewable: false,
    data: { keys: backup.keys, keys_base64: backup.keysBase64, nonce: backup.nonce },
    warnings: null,
  }
}

function runningRows(status: RekeyStatus): readonly Row[] {
  const inVerification = status.progress === status.required ? ' (verification in progress)' : ''
  const verification: readonly Row[] =
    status.verificationNonce === '' ? [] : [['Verification Nonce', status.verificationNonce]]
  return [
    ['Progress', `${status.progress}/${status.required}${inVerification}`],
    ['New Shares', String(status.shares)],
    ['New Threshold', String(status.threshold)],
    ['Verification Required', String(status.verificationRequired)],
    ...verification,
  ]
}

function recipientRows({ pgpFingerprints, backup }: RekeyStatus): readonly Row[] {
  if (pgpFingerprints === null) return []
  return [
    ['PGP Fingerprints', `[${pgpFingerprints.join(' ')}]`],
    ['Backup', String(backup)],
  ]
}

/** A map of lists as Go prints it, by name: `map[a:[x y] b:[z]]`. */
function goMap(members: Members): string {
  const pairs = Object.keys(members).sort()
  return `map[${pairs.map((name) => `${name}:${goList(members[name])}`).join(' ')}]`
}

function goList(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(' ')}]` : String(value)
}

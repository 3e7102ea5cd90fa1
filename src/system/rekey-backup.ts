import { toBase64, toHex } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import type { WrappedShare } from '../ceremony/parcel.ts'
import type { Route } from '../logical/backend.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { mapOf, shape, TEXT, TEXTS } from '../logical/schema.ts'
import type { Lifecycle } from './lifecycle.ts'

const BACKUP = shape({ nonce: TEXT, keys: mapOf(TEXTS), keys_base64: mapOf(TEXTS) })

/**
 * The wrapped shares of the newest rekey that kept them (key-lifecycle.md section 5.8): one store under both
 * names, unlike the peer's two. Recovery shares, which this seal does not have, were never kept.
 */
export function rekeyBackupRoutes({ custodian }: Lifecycle): readonly Route[] {
  const { rekey } = custodian
  const read = async (): Promise<LogicalResponse> => {
    const backup = await rekey.backup()
    if (backup === null) throw nothingKept()
    return {
      hoisted: true,
      data: {
        nonce: backup.ceremonyId,
        keys: byFingerprint(backup.messages, toHex),
        keys_base64: byFingerprint(backup.messages, toBase64),
      },
    }
  }
  const remove = async (): Promise<null> => {
    await rekey.deleteBackup()
    return null
  }
  const none = async (): Promise<never> => {
    throw nothingKept()
  }
  const row = (pattern: string, handlers: Route['handlers']): Route => ({
    pattern,
    summary: 'Wrapped shares that were kept: reading them, deleting them.',
    access: 'token',
    handlers,
  })
  return [
    ...['rekey/backup', 'rotate/root/backup'].map((pattern) => ({
      ...row(pattern, { read, delete: remove }),
      answers: { read: BACKUP },
    })),
    ...['rekey/recovery-key-backup', 'rotate/recovery/backup'].map((pattern) =>
      row(pattern, { read: none, delete: async () => null }),
    ),
  ]
}

/** A recipient who has several shares has several entries, in the order of the shares. */
function byFingerprint(
  messages: readonly WrappedShare[],
  text: (message: Uint8Array) => string,
): { readonly [fingerprint: string]: readonly string[] } {
  const grouped: Record<string, string[]> = {}
  for (const { fingerprint, message } of messages) {
    grouped[fingerprint] = [...(grouped[fingerprint] ?? []), text(message)]
  }
  return grouped
}

function nothingKept(): OperatingError {
  return new OperatingError('parameters_invalid', 'no backed-up keys found')
}

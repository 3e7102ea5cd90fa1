import { utf8 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'

/** A place audit lines go. The broker has removed every sensitive value, so no device can leak one. */
export interface AuditDevice {
  readonly type: string
  /** Resolves once the line is durable; rejecting means the line was not recorded. */
  append(line: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** One half of a request's record: facts of ours, no token, no body. */
export interface AuditRecord {
  readonly type: 'request' | 'response'
  readonly requestId: string
  readonly time: string
  readonly operation: string
  readonly path: string
  readonly accessor: string | null
  readonly source: string
  /** `allow`, `deny`, `done`, or the code of a failure. */
  readonly outcome: string
}

/**
 * A line of the ceremony journal, recorded while no device could be asked and handed in later. Nothing
 * vouches for it: whoever could write to the journal's file could have made it.
 */
export interface DeferredRecord {
  readonly type: 'journal'
  readonly deferred: true
  readonly authenticated: false
  /** The journal's own number of the line. */
  readonly sequence: number
  readonly time: string
  /** The last time, where the line stands for `count` of the same. */
  readonly until: string
  readonly count: number
  readonly kind: string
  readonly event: string
  readonly ceremony: string | null
  readonly share: number | null
  readonly source: string | null
  readonly credential: string | null
  readonly reason: string | null
}

/**
 * Audit is on the path, not beside it: where devices are configured, at least one must have the line, or the
 * request does not happen and the answer is withheld. Without devices nothing is recorded, as in Vault.
 */
export class AuditBroker {
  readonly #devices: readonly AuditDevice[]

  constructor(devices: readonly AuditDevice[]) {
    this.#devices = devices
  }

  get hasDevices(): boolean {
    return this.#devices.length > 0
  }

  /** Throws `audit_unavailable` when no device took the line. */
  async record(record: AuditRecord | DeferredRecord): Promise<void> {
    if (this.#devices.length === 0) return
    const line = utf8(`${JSON.stringify(record)}\n`)
    // Asynchronous around each, so that a device which throws at once does not keep the line from the others.
    const results = await Promise.allSettled(this.#devices.map(async (device) => await device.append(line)))
    if (results.some((result) => result.status === 'fulfilled')) return
    throw new OperatingError('audit_unavailable', 'no audit device recorded the request')
  }
}

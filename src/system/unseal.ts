import { OperatingError } from '../base/errors.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import type { Fields } from '../logical/field-table.ts'
import { strictBoolean } from '../logical/fields.ts'
import { prefixed, requiredShare, shareField } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'
import { SEAL_STATUS, sealStatus } from './seal-status.ts'

const FIELDS = {
  key: { type: 'secret', description: 'One share, in any of its forms.' },
  reset: { type: 'boolean', description: 'Whether the shares that were given are dropped.' },
  migrate: { type: 'boolean', description: 'Refused: there is no other seal to migrate to.' },
} as const satisfies Fields

const MISSING_KEY = "'key' must be specified in request body as JSON, or 'reset' set to true"

/** 200 all the same, with progress as it was (key-lifecycle.md section 3.2): the same person asked twice. */
const REPEATED = 'this share is in already: it counts once. The next one has to come from somebody else'

/** `/v1/sys/unseal` (key-lifecycle.md section 3.2): a share is the only credential. */
export function unsealRoute(lifecycle: Lifecycle): BareRoute {
  const handler = (request: BareRequest): Promise<BareResponse> => unseal(lifecycle, request)
  return {
    path: '/v1/sys/unseal',
    summary: 'Gives one share, or drops what was given.',
    emptyBody: 'object',
    needsOpen: false,
    fields: FIELDS,
    answers: { PUT: SEAL_STATUS, POST: SEAL_STATUS },
    handlers: { PUT: handler, POST: handler },
  }
}

async function unseal(lifecycle: Lifecycle, { body, origin }: BareRequest): Promise<BareResponse> {
  const { custodian } = lifecycle
  const { source } = origin
  if (strictBoolean(body, 'reset') === true) {
    // A share says that this is a holder; it wins over nothing, and `reset` wins over it.
    using share = shareField(lifecycle, body)
    const { access, direct } = origin
    await custodian.resetUnseal({ source, direct, access: access.unseal, share })
    return sealStatus(lifecycle)
  }
  const migrate = strictBoolean(body, 'migrate') ?? false
  try {
    const share = requiredShare(lifecycle, body, MISSING_KEY)
    if (migrate) {
      share[Symbol.dispose]()
      throw new OperatingError(
        'parameters_invalid',
        "can't perform a seal migration, no migration seal found",
      )
    }
    const { repeated } = await custodian.unseal(share, source)
    return sealStatus(lifecycle, repeated ? [REPEATED] : [])
  } catch (error) {
    throw prefixed(error, 'invalid key: ')
  }
}

import { listOf, nullable, shape, TEXT, TEXT_MAP, TEXTS, TRUTH, WHOLE } from '../logical/schema.ts'

/** Every refusal: sentences, and beside them the code of docs/errors.md. */
export const ERRORS = shape({ errors: TEXTS }, { code: TEXT })

/** `auth` of the envelope (surface.md section 1.1). */
export const AUTH = shape(
  {
    client_token: TEXT,
    accessor: TEXT,
    policies: listOf(TEXT),
    metadata: nullable(TEXT_MAP),
    lease_duration: WHOLE,
    renewable: TRUTH,
    entity_id: TEXT,
    token_type: { type: 'string', enum: ['service', 'batch'] },
    orphan: TRUTH,
    num_uses: WHOLE,
  },
  { token_policies: TEXTS, identity_policies: TEXTS, mfa_requirement: nullable(shape({})) },
)

/** `wrap_info` of the envelope. */
export const WRAP_INFO = shape(
  { token: TEXT, accessor: TEXT, ttl: WHOLE, creation_time: TEXT, creation_path: TEXT },
  { wrapped_accessor: TEXT },
)

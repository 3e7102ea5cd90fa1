import { toBase64 } from '../base/encoding.ts'
import { OperatingError } from '../base/errors.ts'
import { MAX_RECIPIENTS_BODY_BYTES } from '../base/limits.ts'
import { type SecretBytes, wipeAll } from '../base/secret-bytes.ts'
import type { Recipient } from '../ceremony/delivery.ts'
import type { InitAnswer, InitTerms } from '../ceremony/init.ts'
import { checkParameters } from '../ceremony/parameters.ts'
import type { BareRequest, BareResponse, BareRoute } from '../logical/bare-route.ts'
import type { Fields } from '../logical/field-table.ts'
import { member, secretField, strictInteger, strictString } from '../logical/fields.ts'
import { type JsonObject, SecretText } from '../logical/json.ts'
import type { Origin } from '../logical/request.ts'
import { shape, TEXT, TEXTS, TRUTH } from '../logical/schema.ts'
import { ok } from './answers.ts'
import type { Lifecycle } from './lifecycle.ts'
import { recipientsOf, stringList } from './recipients.ts'
import { parcelOut } from './rekey-bodies.ts'

const RECOVERY_FIELDS = ['recovery_shares', 'recovery_threshold', 'recovery_pgp_keys']
const PREFIX = 'invalid seal configuration: '

const FIELDS = {
  secret_shares: { type: 'integer', description: 'How many shares there are.' },
  secret_threshold: { type: 'integer', description: 'How many of them open the store.' },
  pgp_keys: { type: 'strings', description: 'Public keys in base64, one a share, to wrap them for.' },
  root_token_pgp_key: { type: 'string', description: 'A public key in base64, to wrap the root token for.' },
  init_secret: { type: 'secret', description: 'What stands in the init_secret_file of the server.' },
} as const satisfies Fields

const DEALT = shape({ keys: TEXTS, keys_base64: TEXTS, root_token: TEXT })

/** `/v1/sys/init` (key-lifecycle.md section 2): no token, in every state. */
export function initRoute(lifecycle: Lifecycle): BareRoute {
  const init = (request: BareRequest): Promise<BareResponse> => initialise(lifecycle, request)
  return {
    path: '/v1/sys/init',
    summary: 'Whether the store is initialised (GET), and initialising it (PUT).',
    maxBodyBytes: MAX_RECIPIENTS_BODY_BYTES,
    emptyBody: 'object',
    needsOpen: false,
    fields: FIELDS,
    answers: { GET: shape({ initialized: TRUTH }), PUT: DEALT, POST: DEALT },
    handlers: {
      GET: async () => ok({ initialized: lifecycle.custodian.status().phase !== 'empty' }),
      PUT: init,
      POST: init,
    },
  }
}

/** In the order of section 2.2, and refused as a whole before anything is written. */
async function initialise(lifecycle: Lifecycle, { body, origin }: BareRequest): Promise<BareResponse> {
  refuseRecovery(body)
  const counts = {
    shares: strictInteger(body, 'secret_shares') ?? 0,
    threshold: strictInteger(body, 'secret_threshold') ?? 0,
  }
  const keys = stringList(body, 'pgp_keys')
  const tokenKey = strictString(body, 'root_token_pgp_key') ?? ''
  checkParameters(counts, PREFIX)
  if (keys !== null && keys.length !== counts.shares) {
    const text = 'count mismatch between number of provided PGP keys and number of shares'
    throw new OperatingError('parameters_invalid', PREFIX + text)
  }
  checkInitSecret(lifecycle, body)
  checkNotForeign(lifecycle, origin)
  // Parsing keys and trying them is work that a store which has its keys does for nobody.
  lifecycle.custodian.expectEmpty()
  const [tokenRecipient = null] =
    tokenKey === '' ? [] : await recipientsOf(lifecycle, [tokenKey], 'invalid root token recipient: ')
  const recipients: readonly Recipient[] | null = keys && (await recipientsOf(lifecycle, keys, PREFIX))
  const terms: InitTerms = { ...counts, recipients, tokenRecipient }
  return ok(initBody(await lifecycle.custodian.init(terms, origin.source)))
}

function initBody({ parcel, rootToken, wrappedToken }: InitAnswer): NonNullable<BareResponse['body']> {
  if (wrappedToken === null) return { ...parcelOut(parcel), root_token: new SecretText(rootToken) }
  rootToken[Symbol.dispose]()
  return { ...parcelOut(parcel), root_token: toBase64(wrappedToken) }
}

function refuseRecovery(body: JsonObject): void {
  const recovery = RECOVERY_FIELDS.filter((name) => isGiven(body, name))
  if (recovery.length === 0) return
  const text = `parameters ${recovery.join(',')} not applicable to seal type shamir`
  throw new OperatingError('parameters_invalid', text)
}

/** With `init_secret_file`, only who knows what stands in it initialises the store (custody.md section 3). */
function checkInitSecret({ initSecret, equal }: Lifecycle, body: JsonObject): void {
  if (initSecret === null) return
  const given = secretField(body, 'init_secret')
  const isRight = given !== null && sameSecret(equal, given, initSecret)
  wipeAll(given === null ? [] : [given])
  if (isRight) return
  throw new OperatingError(
    'permission_denied',
    'permission denied: initialising this server takes the secret of its init_secret_file, in the field ' +
      '"init_secret"',
  )
}

/** A page of another site could initialise the store in the operator's own browser, and read the answer. */
function checkNotForeign({ initSecret }: Lifecycle, { foreign }: Origin): void {
  if (initSecret !== null || !foreign) return
  throw new OperatingError(
    'permission_denied',
    'permission denied: this request comes from a page of another site, or under a name that is not in ' +
      'server_names; use the command line, or set init_secret_file',
  )
}

function sameSecret(equal: Lifecycle['equal'], given: SecretBytes, wanted: SecretBytes): boolean {
  return given.lend((one) => wanted.lend((other) => equal(one, other)))
}

/** Whether a member says something: not absent, null, 0, false, or empty. */
function isGiven(body: BareRequest['body'], name: string): boolean {
  const node = member(body, name)
  if (node === undefined || node.kind === 'null') return false
  if (node.kind === 'number') return Number(node.literal) !== 0
  if (node.kind === 'array') return node.items.length > 0
  if (node.kind === 'boolean') return node.value
  return node.kind !== 'string' || node.raw.length > 2
}

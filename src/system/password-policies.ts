import { OperatingError } from '../base/errors.ts'
import { SecretBytes, secretSpace } from '../base/secret-bytes.ts'
import type { Route } from '../logical/backend.ts'
import { type Fields, readFields } from '../logical/field-table.ts'
import { SecretText } from '../logical/json.ts'
import type { LogicalResponse } from '../logical/response.ts'
import { KEYS, shape, TEXT } from '../logical/schema.ts'
import { policyText } from '../policy/parse.ts'
import type { PasswordPolicies } from '../policy/password-store.ts'
import { doneWith, LIST_FIELDS, namedPolicy, pageOfNames } from './policy-fields.ts'

const FIELDS = {
  policy: { type: 'string', description: 'The policy in HCL, or that in base64.' },
} as const satisfies Fields

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** `sys/policies/password` (surface.md section 3.1). */
export function passwordPolicyRoutes(passwords: PasswordPolicies): readonly Route[] {
  const all = {
    summary: 'The names of all password policies.',
    access: 'token',
    fields: LIST_FIELDS,
    answers: { list: KEYS },
  } as const
  return [
    { pattern: 'policies/password', ...all, handlers: {} },
    {
      pattern: 'policies/password/',
      ...all,
      handlers: {
        list: async (call): Promise<LogicalResponse | null> => {
          const keys = pageOfNames(await passwords.names(), call)
          return keys.length === 0 ? null : { data: { keys: [...keys] } }
        },
      },
    },
    {
      pattern: 'policies/password/:name',
      summary: 'A password policy.',
      access: 'token',
      fields: FIELDS,
      answers: { read: shape({ policy: TEXT }) },
      handlers: {
        read: async (call) => ({
          data: { policy: (await passwords.get(namedPolicy(call).name)) ?? missing() },
        }),
        update: async (call) => {
          const { name, warning } = namedPolicy(call)
          const { policy } = readFields(FIELDS, call.request.data)
          if (policy === undefined || policy === '') throw new OperatingError('bad_request', 'missing policy')
          await passwords.put(name, policyText(policy))
          return doneWith(warning)
        },
        delete: async (call) => {
          await passwords.delete(namedPolicy(call).name)
          return null
        },
      },
    },
    {
      pattern: 'policies/password/:name/generate',
      summary: 'A password by a policy.',
      access: 'token',
      fields: {},
      answers: { read: shape({ password: TEXT }) },
      handlers: {
        read: async (call) => {
          using password = (await passwords.generate(namedPolicy(call).name)) ?? missing()
          return { data: { password: new SecretText(password.lend(escaped)) } }
        },
      },
    },
  ]
}

function missing(): never {
  throw new OperatingError('not_found', 'policy does not exist')
}

/** As it stands between the quotes of JSON; policies have no control characters in their charsets. */
function escaped(password: Uint8Array): SecretBytes {
  const isSpecial = (byte: number): boolean => byte === QUOTE || byte === BACKSLASH
  const space = secretSpace(password.length + password.filter(isSpecial).length)
  let at = 0
  for (const byte of password) {
    if (isSpecial(byte)) space[at++] = BACKSLASH
    space[at++] = byte
  }
  return SecretBytes.take(space)
}

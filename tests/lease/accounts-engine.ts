import { OperatingError } from '../../src/base/errors.ts'
import type { Call, Mounted, SecretsEngine } from '../../src/logical/backend.ts'
import type { JsonObject } from '../../src/logical/json.ts'
import type { LogicalResponse } from '../../src/logical/response.ts'
import { shape, TEXT } from '../../src/logical/schema.ts'

/**
 * A small engine that makes accounts somewhere outside, as one of a database does: `creds/<role>`, for as
 * many seconds as the query says. What it made outlives the server.
 */
export class AccountsEngine implements SecretsEngine {
  readonly type = 'accounts'
  readonly alive = new Set<string>()
  #count = 0
  isBroken = false

  mount(): Mounted {
    return {
      routes: [
        {
          pattern: 'creds/:role',
          summary: 'Makes an account.',
          access: 'token',
          answers: { read: shape({ username: TEXT, password: TEXT }) },
          handlers: { read: (call) => this.#make(call) },
        },
      ],
      leases: {
        revoke: async (internal) => {
          if (this.isBroken) throw new OperatingError('not_found', 'the database is away')
          this.alive.delete(textIn(internal, 'name'))
        },
        renew: async (_internal, incrementSeconds) => incrementSeconds,
      },
    }
  }

  async #make({ request }: Call): Promise<LogicalResponse> {
    const name = `account-${++this.#count}`
    this.alive.add(name)
    const ttl = request.data?.members.get('ttl')
    const seconds = ttl?.kind === 'string' ? Number(ttl.text()) : 0
    return {
      data: { username: name, password: 'p' },
      secret: { ttl: seconds, maxTtl: 0, renewable: true, internal: { name } },
    }
  }
}

function textIn(object: JsonObject, member: string): string {
  const node = object.members.get(member)
  if (node?.kind !== 'string') throw new Error('the engine got what it did not give')
  return node.text()
}

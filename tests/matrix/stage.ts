import assert from 'node:assert/strict'
import { type Answer, TestServer } from '../api/in-process.ts'
import { AccountsEngine } from '../lease/accounts-engine.ts'
import { Conformance } from '../openapi/conformance.ts'

const ALL = ['create', 'read', 'update', 'delete', 'list', 'scan', 'patch']
const policy = (capabilities: readonly string[]): string =>
  `path "*" { capabilities = ${JSON.stringify(capabilities)} }`

/** A server with something of everything, on which one row after the other is asked. */
export class Stage {
  readonly server: TestServer
  readonly conformance: Conformance
  /** Two, and both are needed: one of them gets a ceremony on its way and never to its end. */
  readonly shares: readonly string[]
  /** Of whoever asks next; `null` for a stranger. */
  asker: string | null = null
  /** Answers that are not as the document says. */
  readonly faults: string[] = []

  private constructor(server: TestServer, shares: readonly string[], document: unknown) {
    this.server = server
    this.shares = shares
    this.conformance = new Conformance(document)
  }

  static async start(): Promise<Stage> {
    const server = await TestServer.start({}, {}, { accounts: new AccountsEngine() })
    try {
      const shares = await server.open(2, 2)
      await server.asRoot('POST', '/v1/sys/mounts/kv2', { type: 'kv-v2' })
      await server.asRoot('POST', '/v1/sys/mounts/accounts', { type: 'accounts' })
      await server.asRoot('PUT', '/v1/sys/policies/acl/reader', { policy: policy(['read', 'list', 'scan']) })
      await server.asRoot('PUT', '/v1/sys/policies/acl/writer', { policy: policy(ALL) })
      const document = (await server.asRoot('GET', '/v1/sys/internal/specs/openapi')).body
      return new Stage(server, shares, document)
    } catch (error) {
      // A server that is left behind keeps the process from ending.
      await server.close()
      throw error
    }
  }

  /** With the root token; what is prepared must go well. */
  async make(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await this.server.asRoot(method, `/v1/${path}`, body)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** With the root token; it may have been done before. */
  async clear(path: string): Promise<void> {
    await this.server.asRoot('DELETE', `/v1/${path}`)
  }

  /** With the token of whoever asks next, who may not be let. */
  async asAsker(method: string, path: string, body: unknown): Promise<void> {
    const headers: Record<string, string> = this.asker === null ? {} : { 'x-vault-token': this.asker }
    await this.server.call(method, `/v1/${path}`, body, headers)
  }

  /** A token with the policy `default`. */
  async token(): Promise<{ readonly client_token: string; readonly accessor: string }> {
    return (await this.make('POST', 'auth/token/create', { policies: ['default'], ttl: '1h' })).auth
  }

  async lease(): Promise<string> {
    return (await this.make('GET', 'accounts/creds/one')).lease_id
  }

  /** Behind a token that is good for one hour. */
  async wrapped(): Promise<string> {
    const headers = { 'x-vault-token': this.server.rootToken, 'x-vault-wrap-ttl': '1h' }
    const { body } = await this.server.call('POST', '/v1/sys/wrapping/wrap', { a: 'b' }, headers)
    return body.wrap_info.token
  }

  /** Of a generation of a root token that was opened with a token, as the only one. */
  async generation(): Promise<string> {
    await this.clear('sys/generate-root-token/attempt')
    return (await this.make('POST', 'sys/generate-root-token/attempt', {})).data.nonce
  }

  /** Of a rekey that was opened with a token, on the face of `sys/rekey` or `sys/rotate/root`. */
  async rekey(face: Face, terms: object = {}): Promise<string> {
    await this.clear('sys/rotate/root/init')
    const started = await this.make('POST', `sys/${face}/init`, {
      ...{ secret_shares: 2, secret_threshold: 2, require_verification: true },
      ...terms,
    })
    return (started.data ?? started).nonce
  }

  /** New shares that are to come back, and the nonce of that. */
  async dealt(face: Face, terms: object = {}): Promise<Dealt> {
    const nonce = await this.rekey(face, terms)
    let body: Answer['body'] = null
    for (const key of this.shares) body = await this.make('POST', `sys/${face}/update`, { nonce, key })
    const { verification_nonce, keys } = body.data ?? body
    return { nonce: verification_nonce, key: keys[0] }
  }

  async unseal(): Promise<void> {
    await this.server.unseal(this.shares)
  }
}

export type Face = 'rekey' | 'rotate/root'

export interface Dealt {
  readonly nonce: string
  readonly key: string
}

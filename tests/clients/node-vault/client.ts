import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// biome-ignore lint/suspicious/noExplicitAny: the answers of a client that is in JavaScript
type Answer = any

/** What is used here of what `require('node-vault')(…)` gives. */
interface Client {
  token: string
  read(path: string, options?: object): Promise<Answer>
  write(path: string, data: object, options?: object): Promise<Answer>
  update(path: string, data: object): Promise<Answer>
  list(path: string): Promise<Answer>
  delete(path: string): Promise<Answer>
  help(path: string): Promise<Answer>
  startTokenRenewal(options: object): Promise<Answer>
  stopTokenRenewal(): void
  startLeaseRenewal(lease: string, seconds: number): void
  stopLeaseRenewal(lease: string): void
  stopAllRenewals(): void
  once(event: string, heard: (answer: Answer) => void): void
}

type Commands = Readonly<Record<string, (parameters?: object) => Promise<Answer>>>

/** A client, and its commands by name: one for each route that it knows. */
export interface Vault {
  readonly client: Client
  run(command: string, parameters?: object): Promise<Answer>
}

/** A client of node-vault, from the folder that it was installed in. */
export function connect(folder: string, options: object): Vault {
  const require = createRequire(join(folder, 'package.json'))
  const make = require('node-vault') as (options: object) => Client & Commands
  const client = make(options)
  const run = async (command: string, parameters: object = {}): Promise<Answer> => {
    const { token } = client
    const answer = await client[command]!(parameters)
    // It goes on with every token that it is given; these checks say themselves whose they use.
    client.token = token
    return answer
  }
  return { client, run }
}

export function versionIn(folder: string): string {
  const require = createRequire(join(folder, 'package.json'))
  return (require('node-vault/package.json') as { version: string }).version
}

/** As node-vault refuses: the first error of the body is its message. */
export async function refused(call: Promise<unknown>, words: string, status: number): Promise<void> {
  await assert.rejects(call, (error: { message: string; response?: { statusCode: number } }) => {
    assert.ok(error.message.includes(words), error.message)
    assert.equal(error.response?.statusCode, status)
    return true
  })
}

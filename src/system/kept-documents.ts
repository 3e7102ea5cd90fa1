import type { Route } from '../logical/backend.ts'
import { type JsonOut, RawJson } from '../logical/json.ts'
import type { JsonPort } from '../logical/json-port.ts'
import type { LiveMount } from '../router/mounts.ts'

/** A mount in a document: with all of its routes, or with those that are open to everybody. */
export interface SeenMount {
  readonly mount: LiveMount
  readonly isOpen: boolean
}

/** Longer ones, of very many mounts, are made whenever somebody asks. */
const MAX_KEPT_BYTES = 1_048_576

interface Kept {
  readonly seen: string
  readonly bytes: Uint8Array
}

/**
 * OpenAPI documents as they went out last. To make one costs ten times what it costs to send it, and
 * strangers may ask for it. What it is made of is compared on every request, so that it is never an old one:
 * the mounts that the caller sees, and their route tables, which an engine has for as long as it answers.
 */
export class KeptDocuments {
  readonly #json: JsonPort
  readonly #kept = new Map<string, Kept>()
  /** Numbers, as a route table that was kept itself would keep the engine of a mount that is gone. */
  readonly #tables = new WeakMap<readonly Route[], number>()
  #lastTable = 0

  constructor(json: JsonPort) {
    this.#json = json
  }

  /** The one of a `kind` that was made last where its mounts are still those; otherwise `make` makes it. */
  of(kind: string, mounts: readonly SeenMount[], make: () => JsonOut): RawJson {
    const facts = mounts.map(({ mount, isOpen }) => {
      return [mount.path, mount.entry.type, isOpen, this.#tableOf(mount.mounted.routes)]
    })
    const seen = JSON.stringify(facts)
    const kept = this.#kept.get(kind)
    // A copy: whoever sends it wipes what was sent.
    if (kept?.seen === seen) return new RawJson(kept.bytes.slice())
    // The writer of the answer ends the line.
    const bytes = this.#json.write(make()).subarray(0, -1)
    if (bytes.length <= MAX_KEPT_BYTES) this.#kept.set(kind, { seen, bytes: bytes.slice() })
    return new RawJson(bytes)
  }

  #tableOf(routes: readonly Route[]): number {
    const number = this.#tables.get(routes) ?? ++this.#lastTable
    this.#tables.set(routes, number)
    return number
  }
}

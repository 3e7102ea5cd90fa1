const MAX_QUOTED = 60

/** Where something stands in a document. */
export interface Place {
  /** What the document is called: the path of a file as the operator typed it, the name of a policy. */
  readonly source: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number
}

/**
 * A value of HCL 1 or of its JSON form, and where it stands. Objects keep every item in its order: what a
 * repeated name means is decided by the reader, who knows whether it is a list of listeners or a mistake.
 */
export type Value =
  | { readonly kind: 'text'; readonly at: Place; readonly text: string }
  | { readonly kind: 'number'; readonly at: Place; readonly number: number }
  | { readonly kind: 'boolean'; readonly at: Place; readonly boolean: boolean }
  | { readonly kind: 'list'; readonly at: Place; readonly items: readonly Value[] }
  | { readonly kind: 'object'; readonly at: Place; readonly body: Body }

/** The items of a document or of an object, in order. */
export type Body = readonly Item[]

/** `name = value`, or `name "label" … { … }`, whose value is an object. */
export type Item = Attribute | Block

export interface Attribute {
  readonly form: 'attribute'
  readonly name: string
  readonly at: Place
  readonly value: Value
}

export interface Block {
  readonly form: 'block'
  readonly name: string
  readonly at: Place
  readonly labels: readonly Label[]
  readonly value: Value & { readonly kind: 'object' }
}

export interface Label {
  readonly text: string
  readonly at: Place
}

/** A document that cannot be read. The message has the place in it. */
export class HclError extends Error {
  override name = 'HclError'
  readonly at: Place
  /** What is wrong and what to write instead, without the place. */
  readonly fault: string

  constructor(at: Place, fault: string) {
    super(`${placeText(at)}: ${fault}`)
    this.at = at
    this.fault = fault
  }
}

/** `conclave.hcl:12:3`, which editors and terminals know how to open. */
export function placeText({ source, line, column }: Place): string {
  return `${source}:${line}:${column}`
}

/** Words of a document in a sentence: quoted, with nothing that a terminal would obey, and not endless. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text)
}

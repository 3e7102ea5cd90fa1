import type { Body, Item, Place, Value } from '../hcl/value.ts'
import type { Section } from './section.ts'

/** A block with a type: `listener "tcp" { … }`. */
export interface TypedBlock {
  readonly type: string
  /** Where the type stands. */
  readonly at: Place
  /** For sentences, for example `listener.tcp`. */
  readonly path: string
  readonly body: Body
}

/**
 * The blocks under a key, in order, however HCL and its JSON form write them: `key "type" { … }`,
 * `key { type { … } }`, `{"key": {"type": { … }}}`, with lists of one or the other. Throws `config_invalid`.
 */
export function typedBlocks(section: Section, key: string): readonly TypedBlock[] {
  return section.items(key).flatMap((item) => {
    const labels = item.form === 'block' ? item.labels : []
    const [type, second] = labels
    if (second !== undefined) throw section.invalid(key, `takes one label, its type`, second.at)
    if (type !== undefined && item.value.kind === 'object') {
      return [{ type: type.text, at: type.at, path: `${key}.${type.text}`, body: item.value.body }]
    }
    return objects(section, key, item.value).flatMap(({ body }) =>
      body.flatMap((member) => membersOf(section, key, member)),
    )
  })
}

function membersOf(section: Section, key: string, member: Item): readonly TypedBlock[] {
  const { name: type, at } = member
  if (member.form === 'block' && member.labels.length > 0) {
    throw section.invalid(key, 'takes one type and no label below it', member.at)
  }
  return objects(section, key, member.value).map(({ body }) => ({ type, at, path: `${key}.${type}`, body }))
}

function objects(section: Section, key: string, value: Value): readonly { readonly body: Body }[] {
  return (value.kind === 'list' ? value.items : [value]).map((one) => {
    if (one.kind === 'object') return one
    throw section.invalid(key, `must be a block with a type: ${key} "TYPE" { … }`, one.at)
  })
}

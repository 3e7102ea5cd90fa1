import type { Body, Value } from '../../src/hcl/value.ts'

/** A class of documents that we and the first implementation of HCL 1 read differently, and why. */
export interface Difference {
  readonly name: string
  readonly why: string
  /** One document of the class. */
  readonly example: string
}

/** Documents that it takes and we refuse: recognised by our reason. */
export const REFUSED_HERE: readonly (Difference & { readonly fault: RegExp })[] = [
  {
    name: 'a name is set twice',
    why: 'there the last one wins, or is read as what the first one was',
    example: 'a = 1\na = 2',
    fault: /stands at .* already; keep one$/,
  },
  {
    name: 'nothing behind "="',
    why: 'there, at the end of a file or past a comment, the name goes without a word',
    example: 'a = 1\nb =',
    fault: /^expected a value, and found (?:the end|"}")$/,
  },
  {
    name: 'a comma in a list without a value before it',
    why: 'a value was lost, or never written',
    example: 'a = [1,,2]',
    fault: /^expected a value, and found ","$/,
  },
  {
    name: 'no comma behind a list in a list',
    why: 'everywhere else in a list it is an error there, too',
    example: 'a = [[1] 2]',
    fault: /^expected "," or "\]", and found /,
  },
  {
    name: 'a number that runs into a name',
    why: '24h without quotes is there the number 24 and a key h',
    example: 'a = 1b = 2',
    fault: /is not a number; a duration or a text needs quotes$/,
  },
  {
    name: 'a malformed number behind a name that has a text already',
    why: 'there the second value of a name is read as what the first one was: here as a text',
    example: 'a = "x"\na = 1e',
    fault: /is (?:not a number|too large a number)$/,
  },
  {
    name: 'an escape that is no whole character',
    why: 'there it makes a text that is not UTF-8, or U+FFFD',
    example: 'a = "\\xff"',
    fault: /^this escape is (?:half a character|no character of Unicode)/,
  },
  {
    name: 'a carriage return alone',
    why: 'there it is a blank between words; behind a closing END it cuts the text wrongly',
    example: 'a = 1\rb = 2',
    fault: /^a carriage return stands here/,
  },
  {
    name: 'a closing END of <<-END that is not indented',
    why: 'there the text goes on, to the next END that is: it swallows what follows',
    example: 'a = <<-END\n  x\nEND\nb = 1\n  END\n',
    fault: /has to be indented$/,
  },
]

/** Documents that we take and it refuses. */
export const TAKEN_HERE: readonly (Difference & { holds(body: Body): boolean })[] = [
  {
    name: 'whole numbers from 2^31 on',
    why: 'its integers have 32 bits in JavaScript, 64 in Go; ours are exact to 2^53',
    example: 'a = 2147483648',
    holds: (body) => values(body).some((value) => value.kind === 'number' && isLong(value.number)),
  },
  {
    name: 'blocks of one name with and without labels',
    why: 'it cannot decode the two into one map; a tree can hold both',
    example: 'a "x" {}\na {}',
    holds: (body) =>
      bodies(body).some((items) => {
        const names = (hasLabels: boolean): readonly string[] =>
          items
            .filter((item) => item.form === 'block' && item.labels.length > 0 === hasLabels)
            .map(({ name }) => name.toLowerCase())
        return names(true).some((name) => [...names(false), ...attributes(items)].includes(name))
      }),
  },
]

/** Documents that both take, and that come out different. */
export const READ_DIFFERENTLY: readonly (Difference & { holds(body: Body): boolean })[] = [
  {
    name: 'labelled blocks whose names differ in nothing but case',
    why: 'it puts both under each of the names',
    example: 'A "x" {}\na "y" {}',
    holds: (body) =>
      bodies(body).some((items) => {
        const names = new Set(items.map(({ name }) => name))
        return new Set([...names].map((name) => name.toLowerCase())).size < names.size
      }),
  },
]

function isLong(number: number): boolean {
  return Number.isInteger(number) && (number > 0x7fffffff || number < -0x80000000)
}

function attributes(items: Body): readonly string[] {
  return items.filter(({ form }) => form === 'attribute').map(({ name }) => name.toLowerCase())
}

/** The items of a document and of every object in it. */
function bodies(body: Body): readonly Body[] {
  return [body, ...values(body).flatMap((value) => (value.kind === 'object' ? [value.body] : []))]
}

function values(body: Body): readonly Value[] {
  return body.flatMap(({ value }) => within(value))
}

function within(value: Value): readonly Value[] {
  if (value.kind === 'list') return [value, ...value.items.flatMap(within)]
  return value.kind === 'object' ? [value, ...values(value.body)] : [value]
}

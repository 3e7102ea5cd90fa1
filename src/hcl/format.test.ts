import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatHcl } from './format.ts'
import { HclError } from './value.ts'

describe('a document has one form', () => {
  for (const [what, before, after] of [
    [
      'two blanks a level',
      'path "a" {\ncapabilities=["read"]\n}',
      'path "a" {\n  capabilities = ["read"]\n}\n',
    ],
    [
      'an item a line',
      'path   "a"{capabilities=["read" ,"list"]}',
      'path "a" {\n  capabilities = ["read", "list"]\n}\n',
    ],
    ['= below =, in lines that follow each other', 'a=1\nlong = 2\n\nb=3\n', 'a    = 1\nlong = 2\n\nb = 3\n'],
    [
      'one empty line between two items, and none at the ends',
      '\n\na = 1\n\n\n\nb = 2\n\n',
      'a = 1\n\nb = 2\n',
    ],
    ['nothing in an empty block', 'path "a" {\n}\n', 'path "a" {}\n'],
    ['a long list a value a line, with a comma behind each', 'a = ["b",\n"c"]', 'a = [\n  "b",\n  "c",\n]\n'],
    ['objects in lists', 'a = [{b=1},{}]', 'a = [\n  {\n    b = 1\n  },\n  {},\n]\n'],
    ['no commas between items', 'a { b = 1, c = 2 }', 'a {\n  b = 1\n  c = 2\n}\n'],
    ['line feeds', 'a = 1\r\nb = 2\r\n', 'a = 1\nb = 2\n'],
  ] as const) {
    test(what, () => assert.equal(formatHcl(before, 'x.hcl'), after))
  }

  for (const [what, text] of [
    [
      'comments on lines of their own',
      '# one\na {\n  // two\n  b = 1\n\n  /* three\n     more */\n}\n# four\n',
    ],
    [
      'comments behind what they are about',
      'a { # one\n  b = [ # two\n    1, # three\n  ] # four\n  c = 2 # five\n}\n',
    ],
    ['texts to the byte, with their escapes', 'a = "\\u0041 \\" $x"\n"b c" "d" {}\n'],
    ['texts of several lines', 'a = <<EOF\n  raw   text\n\n EOF\nb = 1\n'],
    ['numbers as they were written', 'a = [0x1F, 1e3, -0.50]\n'],
  ] as const) {
    test(`keeps ${what}`, () => assert.equal(formatHcl(text, 'x.hcl'), text))
  }

  test('what has the form keeps it', () => {
    const text = `# head
name="x"
path   "secret/*"   { capabilities=["read","list"] }
path "a" { allowed_parameters={ "foo"=[] , "bar" = ["x"]
 "*" = [] } // why
 min_wrapping_ttl = <<T
1s
T
 deep { deeper { x = [[1, 2], [{ y = 1 }]] } } }`
    const once = formatHcl(text, 'x.hcl')
    assert.equal(formatHcl(once, 'x.hcl'), once)
  })
})

describe('refuses, with the place,', () => {
  for (const [what, text, message] of [
    ['what is no HCL', 'path "a" {', /^x\.hcl:1:11: /],
    [
      'a comment in the middle of an item, which would get lost',
      'a = 1\nb /* c */ = 2',
      /^x\.hcl:2:3: this comment/,
    ],
    ['the same before a value', 'a = # c\n1', /^x\.hcl:1:5: this comment/],
  ] as const) {
    test(what, () => {
      assert.throws(
        () => formatHcl(text, 'x.hcl'),
        (error: unknown) => error instanceof HclError && message.test(error.message),
      )
    })
  }
})

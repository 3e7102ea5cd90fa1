import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseKeysFilter } from './keys-filter.ts'

describe('the path that a key of a list is judged by', () => {
  for (const [template, path] of [
    ['{{ .path }}{{ .key }}', 'secret/metadata/app/db'],
    ['{{.path}}{{.key}}', 'secret/metadata/app/db'],
    ['{{ .path | replace "secret/metadata/" "secret/data/" }}{{ .key }}', 'secret/data/app/db'],
    ['secret/data/{{ .key | uppercase }}', 'secret/data/DB'],
    ['{{ .path | trimPrefix "secret/" | trimSuffix "app/" }}{{ .key }}', 'metadata/db'],
    ['plain', 'plain'],
    ['{{ .key | replace "d" "$&" | lowercase }}', '$&b'],
    ['{{ .key | replace "\\"" "\\\\" }}', 'db'],
  ] as const) {
    test(template, () => {
      assert.equal(parseKeysFilter(template)?.pathFor('secret/metadata/app/', 'db'), path)
    })
  }

  for (const template of [
    '{{ .name }}',
    '{{ .path',
    '{{ .path .key }}',
    '{{ .path | }}',
    '{{ .path | printf "%s" }}',
    '{{ .path | replace "a" }}',
    '{{ .path | replace "" "x" }}',
    '{{ .path | replace a b }}',
    '{{ "text" }}',
    '{{ .key | trimSuffix }}',
    '{{}}',
    `{{ .key ${'| lowercase '.repeat(17)}}}`,
  ]) {
    test(`is not told by ${template.slice(0, 40)}`, () => assert.equal(parseKeysFilter(template), null))
  }
})

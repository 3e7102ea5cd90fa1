import assert from 'node:assert/strict'

/** What one `# TYPE` line and the samples below it say. */
export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
  readonly help: string
  /** By name and labels as written, for example `a_count{type="x"}`. */
  readonly samples: ReadonlyMap<string, number>
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y
const LABEL_VALUE = /"((?:[^"\\\n]|\\\\|\\"|\\n)*)"/y
/** What `strconv.ParseFloat` of Go takes, as far as anybody writes it. */
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]?Inf)$/
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'] as const
const SUFFIXES = {
  counter: [''],
  gauge: [''],
  untyped: [''],
  summary: ['', '_sum', '_count'],
  histogram: ['_bucket', '_sum', '_count'],
} as const

/**
 * Reads the text format 0.0.4 of Prometheus as strictly as its description allows ("Exposition formats",
 * prometheus.io): every line is checked, all lines of a metric stand together behind its HELP and TYPE, no
 * sample stands twice, a summary has a sum, a count and quantiles from 0 to 1, and a counter is never
 * negative.
 */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line ends')
  const families = new Map<string, Open>()
  const ended = new Set<string>()
  let current: Open | null = null
  let help: { readonly name: string; readonly text: string } | null = null
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    assert.doesNotMatch(line, /[\r\t]|^ | $/, line)
    if (line.startsWith('# HELP ')) {
      assert.equal(help, null, `HELP without TYPE before: ${line}`)
      help = readHelp(line)
    } else if (line.startsWith('# TYPE ')) {
      if (current !== null) ended.add(current.name)
      current = readType(line, help)
      help = null
      assert.ok(!ended.has(current.name) && !families.has(current.name), `one group each: ${line}`)
      families.set(current.name, current)
    } else {
      assert.ok(!line.startsWith('#'), `a comment of no kind that we write: ${line}`)
      assert.ok(current !== null && help === null, `a sample without TYPE: ${line}`)
      readSample(line, current)
    }
  }
  assert.equal(help, null)
  for (const family of families.values()) checkWhole(family)
  return families
}

interface Open extends Family {
  readonly name: string
  readonly samples: Map<string, number>
}

function readHelp(line: string): { readonly name: string; readonly text: string } {
  const [, name = '', text = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? assert.fail(line)
  assert.equal(taken(NAME, name, 0), name, line)
  assert.match(text, /^(?:[^\\]|\\\\|\\n)*$/, line)
  return { name, text }
}

function readType(line: string, help: { readonly name: string; readonly text: string } | null): Open {
  const [, name = '', written = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? assert.fail(line)
  assert.equal(help?.name, name, `HELP of the same name before: ${line}`)
  const type = TYPES.find((one) => one === written) ?? assert.fail(line)
  return { name, type, help: help.text, samples: new Map() }
}

function readSample(line: string, family: Open): void {
  const name = taken(NAME, line, 0) ?? assert.fail(line)
  const suffixes: readonly string[] = SUFFIXES[family.type]
  assert.ok(
    suffixes.some((suffix) => name === family.name + suffix),
    `not of its group: ${line}`,
  )
  let at = name.length
  const labels = new Map<string, string>()
  if (line[at] === '{') {
    at++
    for (;;) {
      const label = taken(LABEL, line, at) ?? assert.fail(line)
      at += label.length
      assert.equal(line[at++], '=', line)
      const value = taken(LABEL_VALUE, line, at) ?? assert.fail(line)
      at += value.length
      assert.ok(!labels.has(label) && !label.startsWith('__'), line)
      labels.set(label, value.slice(1, -1))
      const next = line[at++]
      if (next === '}') break
      assert.equal(next, ',', line)
    }
  }
  assert.equal(line[at], ' ', line)
  const written = line.slice(at + 1)
  assert.match(written, NUMBER, line)
  const sample = line.slice(0, at)
  assert.ok(!family.samples.has(sample), `twice: ${line}`)
  const value = Number(written.replace('Inf', 'Infinity'))
  checkSample({ line, name, labels, value }, family)
  family.samples.set(sample, value)
}

function checkSample(
  sample: {
    readonly line: string
    readonly name: string
    readonly labels: ReadonlyMap<string, string>
    readonly value: number
  },
  { name, type }: Open,
): void {
  const { line, labels, value } = sample
  if (type === 'counter') assert.ok(value >= 0, line)
  const isQuantile = type === 'summary' && sample.name === name
  assert.equal(labels.has('quantile'), isQuantile, line)
  if (isQuantile) assert.ok(Number(labels.get('quantile')) >= 0 && Number(labels.get('quantile')) <= 1, line)
  assert.equal(labels.has('le'), sample.name === `${name}_bucket`, line)
}

function checkWhole({ name, type, samples }: Open): void {
  if (type !== 'summary') return
  for (const part of ['_sum', '_count']) assert.ok(samples.has(name + part), `${name}${part} is missing`)
}

function taken(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

/**
 * A template of `list_scan_response_keys_filter_path`: text with `{{ .path }}` and `{{ .key }}`, each with
 * any number of `| replace "a" "b"`, `| trimPrefix "a"`, `| trimSuffix "a"`, `| lowercase`, `| uppercase`.
 * The peers take the language of their platform; these are what paths are made with.
 */
export interface KeysFilter {
  /** The path that must be open to the caller for a key of the answer to stay in it. */
  pathFor(path: string, key: string): string
}

type Part = (given: { readonly path: string; readonly key: string }) => string
type Step = (text: string) => string

const WORD = /\s*(?:(\|)|(\.?[A-Za-z]+)|"((?:[^"\\]|\\["\\])*)")\s*/y
const MAX_STEPS = 16

/** `null` when it is not such a template. */
export function parseKeysFilter(template: string): KeysFilter | null {
  const parts: Part[] = []
  let rest = template
  for (;;) {
    const open = rest.indexOf('{{')
    if (open < 0) break
    const close = rest.indexOf('}}', open)
    const part = close < 0 ? null : parseAction(rest.slice(open + 2, close))
    if (part === null) return null
    const text = rest.slice(0, open)
    parts.push(() => text, part)
    rest = rest.slice(close + 2)
  }
  const tail = rest
  parts.push(() => tail)
  return { pathFor: (path, key) => parts.map((part) => part({ path, key })).join('') }
}

function parseAction(source: string): Part | null {
  const [first, ...rest] = stagesOf(source) ?? []
  const name = first?.length === 1 ? first[0] : undefined
  if ((name !== '.path' && name !== '.key') || rest.length > MAX_STEPS) return null
  const steps: Step[] = []
  for (const stage of rest) {
    const step = stepOf(stage)
    if (step === null) return null
    steps.push(step)
  }
  return ({ path, key }) => steps.reduce((text, step) => step(text), name === '.path' ? path : key)
}

/** The words between bars. Texts are marked by a quote in front, so that they are never taken for names. */
function stagesOf(source: string): readonly (readonly string[])[] | null {
  const stages: string[][] = [[]]
  WORD.lastIndex = 0
  while (WORD.lastIndex < source.length) {
    const word = WORD.exec(source)
    if (word === null) return null
    const [, bar, name, text] = word
    if (bar !== undefined) stages.push([])
    else stages.at(-1)?.push(name ?? `"${(text ?? '').replace(/\\(.)/g, '$1')}`)
  }
  return stages
}

function stepOf(stage: readonly string[]): Step | null {
  const [name, ...words] = stage
  if (!words.every((word) => word.startsWith('"'))) return null
  const texts = words.map((word) => word.slice(1))
  const [first = '', second = ''] = texts
  switch (`${name}/${texts.length}`) {
    case 'replace/2':
      return first === '' ? null : (text) => text.replaceAll(first, () => second)
    case 'trimPrefix/1':
      return (text) => (text.startsWith(first) ? text.slice(first.length) : text)
    case 'trimSuffix/1':
      return (text) => (first !== '' && text.endsWith(first) ? text.slice(0, -first.length) : text)
    case 'lowercase/0':
      return (text) => text.toLowerCase()
    case 'uppercase/0':
      return (text) => text.toUpperCase()
    default:
      return null
  }
}

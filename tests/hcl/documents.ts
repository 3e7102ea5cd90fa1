// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is an interpolation of HCL, and text to us
/** Random documents of HCL 1 that a seed replays: from its grammar, and spoilt. For tests only. */
export class Documents {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** A document of the grammar. */
  valid(): string {
    return this.#joined(this.#upTo(4), () => this.#item(3))
  }

  /** A document with one to three places spoilt. */
  spoilt(): string {
    let text = this.#joined(1 + this.#upTo(1), () => this.#item(2))
    for (let left = 1 + this.#upTo(2); left > 0; left--) text = this.#spoil(text)
    return text
  }

  #item(depth: number): string {
    const name = this.#name()
    if (depth > 0 && this.#below(3) === 0) {
      const labels = Array.from({ length: this.#upTo(2) }, () => `${this.#name()} `).join('')
      return `${name} ${labels}${this.#object(depth - 1)}`
    }
    return `${name}${this.#oneOf(['=', ' = ', ' =\n'])}${this.#value(depth)}`
  }

  #object(depth: number): string {
    const items = this.#joined(this.#upTo(2), () => this.#item(depth))
    return `{${this.#oneOf(['', '\n', ' '])}${items}${this.#blank()}}`
  }

  #value(depth: number): string {
    const kind = this.#below(depth > 0 ? 9 : 6)
    if (kind < 2) return this.#text()
    if (kind < 4) return this.#number()
    if (kind === 4) return this.#oneOf(['true', 'false'])
    if (kind === 5) return this.#heredoc()
    if (kind < 8) return this.#list(depth - 1)
    return this.#object(depth - 1)
  }

  #list(depth: number): string {
    const items = Array.from({ length: this.#upTo(3) }, () => this.#value(depth) + this.#blank())
    const comma = items.length > 0 && this.#below(4) === 0 ? ',' : ''
    return `[${this.#blank()}${items.join(`,${this.#blank()}`)}${comma}${this.#blank()}]`
  }

  #name(): string {
    const plain = this.#oneOf(['a', 'b', 'path', 'listener', 'x-1', 'y.z', '_q', 'é', 'capabilities', 'T'])
    return this.#below(4) === 0 ? `"${plain}${this.#oneOf(['', '/*', ' ', '\\n', '/+/x'])}"` : plain
  }

  #text(): string {
    const piece = (): string =>
      this.#oneOf([
        ...['a', 'secret/*', ' ', 'é', '🔑', '#', '//', '/*', '{', '}', '$', '\t', "'", 'EOF', '<<EOF', '='],
        ...['\\n', '\\t', '\\\\', '\\"', '\\a', '\\x41', '\\101', '\\u00e9', '\\U0001F511', '\\177'],
        ...['${x}', '${f("y")}', '${a{b}c}', '$${z}', '${\n}', '${\\n}', '${}'],
      ])
    return `"${Array.from({ length: this.#upTo(4) }, piece).join('')}"`
  }

  #number(): string {
    return this.#oneOf([
      ...['0', '1', '-1', '42', '2147483647', '-2147483648', '0x1F', '-0xff', '0X0a', '010', '-017', '00'],
      ...['1.5', '-0.25', '1.', '.5', '1e3', '1.5E-2', '2e+2', '0.0', '09.5', '0e1', '1.e2', '1e300', '-0'],
    ])
  }

  #heredoc(): string {
    const anchor = this.#oneOf(['EOF', 'END', 'é', 'E_1', '1'])
    const line = (): string =>
      this.#oneOf(['x', '', '  y', '\tz', `${anchor}x`, '"', '${v}', '{', '# no', ' '])
    const lines = Array.from({ length: this.#upTo(3) }, () => this.#oneOf(['', '  ', '\t']) + line())
    const isIndented = this.#below(2) === 0
    const indent = isIndented ? this.#oneOf(['  ', '\t', ' ', '    ']) : this.#oneOf(['', '', ' '])
    const opening = `<<${isIndented ? '-' : ''}${anchor}`
    return [opening, ...lines, `${indent}${anchor}`, ''].join('\n')
  }

  #joined(count: number, make: () => string): string {
    const parts = Array.from({ length: count }, make)
    return this.#blank() + parts.map((part) => part + this.#separator()).join('')
  }

  #separator(): string {
    return this.#oneOf(['\n', '\n', '\n\n', '\r\n', ' ', ',', ',\n', ' # c\n', ' // c = 1\n', ' /* c\n} */ '])
  }

  #blank(): string {
    return this.#oneOf(['', '', '', ' ', '\n', '\t', '# c\n', '/**/', '/* " */'])
  }

  #spoil(text: string): string {
    const characters = [...text]
    const at = this.#upTo(characters.length)
    const part = (from: number, to = characters.length): string => characters.slice(from, to).join('')
    switch (this.#below(6)) {
      case 0:
        return part(0, at) + part(at + 1)
      case 1:
        return part(0, at)
      case 2:
        return part(0, at + 1 + this.#upTo(6)) + part(at)
      case 3:
        return part(0, at) + part(at + 1 + this.#upTo(6))
      default:
        return part(0, at) + this.#oneOf(SPOILERS) + part(at)
    }
  }

  #oneOf(choices: readonly string[]): string {
    return choices[this.#below(choices.length)] ?? ''
  }

  /** From 0 to `most`. */
  #upTo(most: number): number {
    return this.#below(most + 1)
  }

  /** mulberry32: good enough to wander through a grammar. */
  #below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

const SPOILERS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '=',
    ',',
    '"',
    '\\',
    '$',
    '${',
    '<<',
    '<<-',
    'EOF',
    '#',
    '/',
    '/*',
    '*/',
    '\n',
    ' ',
  ],
  ...[
    '\r',
    '\t',
    '-',
    '.',
    '+',
    '0',
    '8',
    '0x',
    'e',
    'a',
    'true',
    'false',
    'é',
    ':',
    ';',
    "'",
    '\\x',
    '\\u12',
  ],
  ...['\\777', '\\xff', '\\ud800', '99999999999', '\u00a0', '\\d', '"" ', 'null', '1', '=='],
]

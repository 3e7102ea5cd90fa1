import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Conformance } from '../openapi/conformance.ts'
import type { TestServer } from './in-process.ts'

/** One exchange of surface.md Appendix A, as it stands there. */
interface Line {
  readonly method: string
  /** Without `/v1/`. */
  readonly target: string
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly status: number
  /** Cut off with ` …` where it was long; `null`: there was none. */
  readonly answer: string | null
}

const LINE = /^(\w+) (\S+)(?: (\{\}|\{".*?\}(?= +\{'| +->)|".*?"(?= +->)))?(?: (\{'.*?\}))? +-> +(\d+)$/

/** Throws for what it cannot read: a line that is not replayed would prove nothing. */
export function readTranscript(text: string): readonly Line[] {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim())
  return lines.flatMap((line, index) => {
    const found = LINE.exec(line)
    if (found === null) {
      assert.ok(line.startsWith('{') && LINE.test(lines[index - 1] ?? ''), `unreadable: ${line}`)
      return []
    }
    const next = lines[index + 1]
    const [, method = '', target = '', body, headers, status] = found
    return {
      method,
      target,
      body,
      headers: headers === undefined ? {} : JSON.parse(headers.replaceAll("'", '"')),
      status: Number(status),
      answer: next?.startsWith('{') ? whole(next) : null,
    }
  })
}

/**
 * Replays it in its order, one test a line. Times are compared as such only; what users sent, byte for byte
 * where it was not cut off. Refusals have our code beside the sentences.
 */
export function replay(lines: readonly Line[], server: () => TestServer): void {
  for (const line of lines) {
    test(`${line.method} ${line.target} ${line.body ?? ''} -> ${line.status}`, async () => {
      const { status, text } = await ask(server(), line)
      assert.equal(status, line.status, text)
      await expectDescribed(server(), line, { status, text })
      if (line.answer === null) return assert.equal(text, '')
      if (line.answer.endsWith(' …')) {
        // Within a time it was cut off before it.
        const start = line.answer.slice(1, -2).replace(/"\d{4}-[^"]*$/, '"')
        const from = masked(text).indexOf(start.slice(0, 12))
        assert.equal(masked(text).slice(from, from + start.length), start)
        return
      }
      const { code: _, request_id: __, ...answer } = JSON.parse(masked(text))
      assert.deepEqual(answer, JSON.parse(line.answer))
    })
  }
}

async function ask(
  server: TestServer,
  { method, target, body, headers }: Line,
): Promise<{ readonly status: number; readonly text: string }> {
  for (;;) {
    const response = await fetch(`${server.origin}/v1/${target}`, {
      method,
      headers: { connection: 'close', 'x-vault-token': server.rootToken, ...headers },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    // Clients come again on these words.
    if (!text.includes('Upgrading from non-versioned')) return { status: response.status, text }
  }
}

async function expectDescribed(
  server: TestServer,
  { method, target }: Line,
  { status, text }: { readonly status: number; readonly text: string },
): Promise<void> {
  const { body } = await server.asRoot('GET', '/v1/sys/internal/specs/openapi')
  const [path = '', query = ''] = target.split('?')
  const answer = text === '' ? null : JSON.parse(text)
  const exchange = { method, path: `/v1/${path}`, query, status, body: answer }
  assert.equal(new Conformance(body).fault(exchange), null)
}

/** Spelled out, with times masked. */
function whole(answer: string): string {
  return masked(
    answer
      .replace('~~', '"wrap_info":null,"warnings":null,"auth":null')
      .replace('~', '"lease_id":"","renewable":false,"lease_duration":0,'),
  )
}

function masked(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME')
}

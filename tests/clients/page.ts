import { NOT_CALLED } from './not-called.ts'
import { calledMethods, type Outcome, type Skipped } from './outcome.ts'

type Result = Outcome | Skipped

/** A table in Markdown with a row for each client. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map((one) =>
    'skipped' in one
      ? [one.client, one.version, '–', '–', `skipped: ${one.skipped}`]
      : [one.client, one.version, `${calledMethods(one).length}`, `${one.checks.length}`, verdict(one)],
  )
  const head = ['client', 'version', 'methods', 'calls checked', 'result']
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function verdict({ checks, crash }: Outcome): string {
  const failed = checks.filter(({ ok }) => !ok).length
  if (crash !== null) return `stopped after ${checks.length}`
  return failed === 0 ? 'all as promised' : `${failed} failed`
}

/** Methods that are neither called nor named, and names that say nothing, in sentences. */
export function forgotten(outcome: Outcome): readonly string[] {
  const called = new Set(calledMethods(outcome))
  const named = (NOT_CALLED[outcome.client] ?? []).flatMap(({ methods }) => methods)
  const missing = outcome.inventory.filter((method) => !called.has(method) && !named.includes(method))
  const stale = named.filter((method) => called.has(method) || !outcome.inventory.includes(method))
  const strange = [...called].filter((method) => !outcome.inventory.includes(method))
  return [
    ...missing.map((method) => `${method} is neither called nor named in not-called.ts`),
    ...stale.map((method) => `${method} is named in not-called.ts, but it is called or not there`),
    ...strange.map((method) => `${method} is called, but the client has no such method`),
  ]
}

const INTRODUCTION = `# Other people’s clients

Programs that nobody here wrote, run against real servers: processes of their own with SQLite storage, empty
at the start, one plain and one behind TLS, where the client shows a certificate that nobody requires.
\`npm run clients\` installs them, runs everything below, and fails where this page says something else;
\`.ci/run\` does it every time. \`npm run clients -- --write\` writes this page.`

const SEQUENCES = `## Call sequences

Programs that no registry brings, and what others send in more ways than one, are replayed call by call, with
the headers, bodies and spellings that they send, and what each of them reads is checked
(\`tests/clients/sequences/\`): the command lines of Vault and OpenBao, \`kv\` of both, Terraform, External
Secrets, Agent, vaultrs, Spring Vault, Nomad, and a load balancer.`

const PEER = `## Whether the checks are right

\`npm run clients -- --peer\` runs the same against OpenBao 2.6.2 itself, whose program comes with \`bao\`.
There all but these hold, each a difference that is meant:

- \`performance_standby\` of \`sys/health\` is Vault's; OpenBao has none. Here it is false.
- A share that is none is counted there until the last one. Here it is refused when it is given.
- \`sys/rotate/root\` without shares is 204 there. Here it is refused: the root key belongs to the holders.
- Renewing the first root token is 400 \`invalid lease ID\` there. Here it is what other endless tokens get.
- \`sys/revoke-prefix\` is gone there. Here it is served: node-vault and Vault have it.
- Scans have no pages there.`

/** The whole of docs/clients.md. */
export function pageOf(outcomes: readonly Outcome[]): string {
  const parts = [INTRODUCTION, tableOf(outcomes), PEER, ...outcomes.map(chapterOf), SEQUENCES]
  return `${parts.join('\n\n')}\n`
}

function chapterOf(outcome: Outcome): string {
  const methods = calledMethods(outcome).map((method) => {
    const promises = outcome.checks.filter((check) => check.method === method).map(({ promise }) => promise)
    return `- \`${method}\` ${[...new Set(promises)].join('; ')}`
  })
  const reasons = (NOT_CALLED[outcome.client] ?? []).map(({ why, methods: names }) => {
    return `- ${why} ${names.map((name) => `\`${name}\``).join(', ')}`
  })
  return [
    `## ${outcome.client} ${outcome.version}`,
    methods.join('\n'),
    'Not called:',
    reasons.join('\n'),
  ].join('\n\n')
}

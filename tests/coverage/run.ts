import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from '../source/tree.ts'
import { COVERED, COVERING, INPUTS } from './files.ts'
import type { FileCoverage } from './reporter.ts'

/** A branch that no test takes, and why not; `null` where nobody has said why. */
interface Unreached {
  readonly file: string
  readonly line: number
  /** The line of source. */
  readonly text: string
  readonly why: string | null
}

const PAGE = join(ROOT, 'docs', 'coverage.md')

/**
 * The branches of what is covered, file by file, and those that are not reached, each with the reason that
 * docs/coverage.md gives. Fails for one without a reason, and for a reason that nothing needs any more.
 */
function main(): number {
  const files = measure()
  const reasons = readReasons(readFileSync(PAGE, 'utf8'))
  const unreached = files.flatMap((file) => unreachedOf(file, reasons))
  process.stdout.write(table(files, unreached))
  const unexplained = unreached.filter(({ why }) => why === null)
  for (const { file, line, text } of unexplained)
    process.stdout.write(`not reached: ${file}:${line}: ${text}\n`)
  const needed = new Set(unreached.map(({ file, text }) => keyOf(file, text)))
  const stale = [...reasons.keys()].filter((key) => !needed.has(key))
  for (const key of stale)
    process.stdout.write(`reached after all, or gone; take it out of the page: ${key}\n`)
  return unexplained.length + stale.length > 0 ? 1 : 0
}

function measure(): readonly FileCoverage[] {
  const include = COVERED.map((glob) => `--test-coverage-include=${glob}`)
  const flags = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--experimental-test-coverage',
    ...include,
  ]
  const reporter = `--test-reporter=${join(import.meta.dirname, 'reporter.ts')}`
  const argv = [...flags, '--test-coverage-exclude=**/*.test.ts', reporter, ...COVERING]
  const env = { ...process.env, CONCLAVE_INPUTS: INPUTS }
  const { stdout, stderr } = spawnSync(process.execPath, argv, {
    ...{ cwd: ROOT, env, encoding: 'utf8', maxBuffer: 1 << 28 },
  })
  const lines = stdout.split('\n')
  const failed = lines.filter((line) => line.startsWith('FAIL '))
  const covered = lines.find((line) => line.startsWith('COVERAGE '))
  if (failed.length > 0 || covered === undefined) throw new Error(`${failed.join('\n')}\n${stderr}`)
  return JSON.parse(covered.slice('COVERAGE '.length)) as readonly FileCoverage[]
}

function unreachedOf(file: FileCoverage, reasons: ReadonlyMap<string, string>): readonly Unreached[] {
  const path = relative(ROOT, file.path).replaceAll('\\', '/')
  const source = readFileSync(file.path, 'utf8').split('\n')
  return file.branches.flatMap(({ line, count }) => {
    const text = source[line - 1]?.trim() ?? ''
    if (count > 0 || isByRule(text, source[line]?.trim() ?? '')) return []
    return [{ file: path, line, text, why: reasons.get(keyOf(path, text)) ?? null }]
  })
}

/** The two kinds that the page explains for all: only the types need them. */
function isByRule(text: string, next: string): boolean {
  return /\] \?\? 0\b/.test(text) || (text === 'default:' && next.startsWith('return unreachable('))
}

/** Under a heading with the file: the line of source in double backquotes, a colon and the reason. */
function readReasons(page: string): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>()
  let file = ''
  for (const line of page.split('\n')) {
    file = /^### `(.+)`$/.exec(line)?.[1] ?? file
    const [, text, why] = /^- `` (.+) ``: (.+)$/.exec(line) ?? []
    if (text !== undefined && why !== undefined) reasons.set(keyOf(file, text), why)
  }
  return reasons
}

function keyOf(file: string, text: string): string {
  return `${file}: ${text}`
}

function table(files: readonly FileCoverage[], unreached: readonly Unreached[]): string {
  const rows = files.map((file) => {
    const path = relative(ROOT, file.path).replaceAll('\\', '/')
    const taken = file.branches.filter(({ count }) => count > 0).length
    const named = unreached.filter((one) => one.file === path && one.why !== null).length
    return { path, taken, all: file.branches.length, named }
  })
  const lines = rows.map(({ path, taken, all, named }) => {
    const rest = all - taken === 0 ? '' : `, ${all - taken} not, of which ${named} by name`
    return `${((100 * taken) / all).toFixed(1).padStart(5)} %  ${path}: ${taken} of ${all}${rest}`
  })
  const [taken, all] = [
    rows.reduce((sum, row) => sum + row.taken, 0),
    rows.reduce((sum, row) => sum + row.all, 0),
  ]
  const total = `${((100 * taken) / all).toFixed(2)} % of ${all} branches in ${rows.length} files`
  return `${lines.join('\n')}\n${total}; target: 100 %, or the reason in docs/coverage.md\n`
}

process.exitCode = main()

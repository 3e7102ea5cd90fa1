/** One thing that was measured, in every run, beside what nobody can beat. */
export interface Figure {
  readonly name: string
  readonly unit: string
  /** One a run. */
  readonly values: readonly number[]
  /** Measured beside each value, in the same run. */
  readonly limit?: { readonly name: string; readonly values: readonly number[] }
  /** What the project wants. */
  readonly aim?: Aim
}

export interface Aim {
  /** The value itself, or its ratio to the limit. */
  readonly of: 'value' | 'ratio'
  readonly is: 'at least' | 'at most'
  readonly bound: number
}

/** `name | measured | limit | ratio | aim`, each as the least and the most of all runs. */
export function renderTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { name, unit, values, limit, aim } = figure
    const beside = limit === undefined ? '' : `${limit.name}: ${spread(limit.values)} ${unit}`
    const ratio = limit === undefined ? '' : spread(ratios(figure))
    const wanted = aim === undefined ? '' : `${aim.is} ${aim.bound}${aim.of === 'value' ? ` ${unit}` : ''}`
    const met = aim === undefined ? '' : isMet(figure, aim) ? ', met' : ', **missed**'
    return `| ${name} | ${spread(values)} ${unit} | ${beside} | ${ratio} | ${wanted}${met} |`
  })
  return ['| what | measured | limit | ratio | aim |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

/** The same for programs, with every run. */
export function renderJson(figures: readonly Figure[], facts: Readonly<Record<string, unknown>>): string {
  const all = figures.map((figure) => ({
    ...figure,
    ratios: ratios(figure),
    met: figure.aim === undefined ? null : isMet(figure, figure.aim),
  }))
  return `${JSON.stringify({ ...facts, figures: all }, null, 2)}\n`
}

/** In the run that was worst: a machine that is busy can only make it worse. */
function isMet(figure: Figure, { of, is, bound }: Aim): boolean {
  const all = of === 'value' ? figure.values : ratios(figure)
  return is === 'at least' ? Math.min(...all) >= bound : Math.max(...all) <= bound
}

export function ratios({ values, limit }: Figure): readonly number[] {
  return limit === undefined ? [] : values.map((value, run) => value / (limit.values[run] ?? Number.NaN))
}

function spread(values: readonly number[]): string {
  const least = rounded(Math.min(...values))
  const most = rounded(Math.max(...values))
  return least === most ? least : `${least}–${most}`
}

function rounded(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] ?? Number.NaN
}

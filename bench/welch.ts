/**
 * Welch's t of two samples whose variances may differ: how many standard errors their means are apart. Of
 * thousands of samples of one distribution it is beyond 4.5 once in 150,000 times.
 */
export function welch(left: readonly number[], right: readonly number[]): number {
  const [one, other] = [momentsOf(left), momentsOf(right)]
  const squaredError = one.variance / left.length + other.variance / right.length
  return (one.mean - other.mean) / Math.sqrt(squaredError)
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, variance: squares / (values.length - 1) }
}

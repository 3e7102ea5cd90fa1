/** How much of everything is measured. */
export interface Plan {
  /** Pairs of ours and the limit: the spread of their ratios is what a reader has to know. */
  readonly runs: number
  /** Starts, ceremonies and other single events, of which the median counts in each run. */
  readonly events: number
  /** Length of one measurement under load. */
  readonly loadSeconds: number
  /** Length of one measurement of a function. */
  readonly loopSeconds: number
  readonly clients: number
  readonly secrets: number
  /** And as many policies. */
  readonly mounts: number
  /** Of both classes of inputs whose times are compared; what takes long has a tenth. */
  readonly samples: number
}

/** Less than three minutes on a machine that has nothing else to do. */
export const FULL: Plan = {
  runs: 3,
  events: 7,
  loadSeconds: 3,
  loopSeconds: 0.5,
  clients: 32,
  secrets: 100_000,
  mounts: 1000,
  samples: 200_000,
}

/** Shows that everything still runs; its figures mean nothing. */
export const QUICK: Plan = {
  runs: 1,
  events: 1,
  loadSeconds: 0.3,
  loopSeconds: 0.05,
  clients: 8,
  secrets: 500,
  mounts: 20,
  samples: 2000,
}

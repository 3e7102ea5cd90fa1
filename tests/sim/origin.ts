import type { Origin } from '../../src/logical/request.ts'

/** Where a request of a test comes from: this machine, on a listener where anyone may open ceremonies. */
export const ORIGIN: Origin = {
  source: '127.0.0.1',
  forwarded: false,
  direct: true,
  foreign: false,
  listener: 'test',
  access: { rekey: 'open', generateRoot: 'open', unseal: 'open' },
  retireOn: 'proof',
}

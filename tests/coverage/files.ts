/** What is covered: where a share, a root key or a stranger's byte goes through (docs/bar.md, L6). */
export const COVERED: readonly string[] = [
  'src/crypto/**/*.ts',
  'src/custody/*.ts',
  'src/barrier/*.ts',
  'src/ceremony/**/*.ts',
  'src/http/json-*.ts',
  'src/logical/json*.ts',
]

/** What covers it: in this process, and short. What starts servers or damages every bit says little more. */
export const COVERING: readonly string[] = [
  ...[
    'src/crypto/**/*.test.ts',
    'src/custody/*.test.ts',
    'src/barrier/*.test.ts',
    'src/ceremony/**/*.test.ts',
    'src/http/json-*.test.ts',
    'src/logical/json*.test.ts',
  ],
  ...['tests/ceremonies/!(nonces).test.ts', 'tests/storage-format.test.ts'],
  ...['json', 'records', 'shares'].map((name) => `tests/fuzz/${name}.test.ts`),
  ...['crash-table', 'direct-loop', 'fault-loop', 'journal'].map((name) => `tests/faults/${name}.test.ts`),
  ...[
    'generate-root',
    'guarded',
    'journal',
    'mission',
    'modern',
    'pgp',
    'rotate-root',
    'sys-routes',
    'verified',
  ].map((name) => `tests/api/${name}.test.ts`),
]

/** Inputs of each fuzzed reader: enough to go all ways, as the whole run shows a hundred thousand. */
export const INPUTS = '2000'

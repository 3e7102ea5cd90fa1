import type { CommandEntry } from './commands.ts'

/** Commands of every day: tokens, secrets, policies, mounts and leases, in the order of the help. */
export const EVERYDAY_COMMANDS: readonly CommandEntry[] = [
  { name: 'login', summary: 'keep a token for what follows', load: () => import('./login.ts') },
  { name: 'print token', summary: 'the token in use', load: () => import('./print-token.ts') },
  { name: 'kv get', summary: 'read a secret', load: () => import('./kv/get.ts') },
  { name: 'kv put', summary: 'write a secret', load: () => import('./kv/put.ts') },
  { name: 'kv patch', summary: 'change some of its values', load: () => import('./kv/patch.ts') },
  { name: 'kv list', summary: 'names of secrets', load: () => import('./kv/list.ts') },
  { name: 'kv scan', summary: 'names at every depth', load: () => import('./kv/scan.ts') },
  { name: 'kv delete', summary: 'delete the newest version', load: () => import('./kv/delete.ts') },
  { name: 'kv undelete', summary: 'take a deletion back', load: () => import('./kv/undelete.ts') },
  { name: 'kv destroy', summary: 'versions for good', load: () => import('./kv/destroy.ts') },
  { name: 'kv rollback', summary: 'an older version as the newest', load: () => import('./kv/rollback.ts') },
  {
    name: 'kv enable-versioning',
    summary: 'version 1 becomes version 2',
    load: () => import('./kv/enable-versioning.ts'),
  },
  {
    name: 'kv metadata get',
    summary: 'versions and settings of a secret',
    load: () => import('./kv/metadata-get.ts'),
  },
  { name: 'kv metadata put', summary: 'set its settings', load: () => import('./kv/metadata-put.ts') },
  { name: 'kv metadata patch', summary: 'change some of them', load: () => import('./kv/metadata-patch.ts') },
  {
    name: 'kv metadata delete',
    summary: 'the secret with all its versions',
    load: () => import('./kv/metadata-delete.ts'),
  },
  { name: 'unwrap', summary: 'fetch a wrapped answer, once', load: () => import('./unwrap.ts') },
  { name: 'read', summary: 'read a path', load: () => import('./read.ts') },
  { name: 'write', summary: 'write a path', load: () => import('./write.ts') },
  { name: 'patch', summary: 'change some of what a path holds', load: () => import('./patch.ts') },
  { name: 'list', summary: 'list the names below a path', load: () => import('./list.ts') },
  { name: 'scan', summary: 'the same at every depth', load: () => import('./scan.ts') },
  { name: 'delete', summary: 'delete a path', load: () => import('./delete.ts') },
  { name: 'path-help', summary: 'what a path does', load: () => import('./path-help.ts') },
  { name: 'monitor', summary: 'the log as it is written', load: () => import('./monitor.ts') },
]

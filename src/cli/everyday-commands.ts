import type { CommandEntry } from './commands.ts'

/** Commands of every day: tokens, secrets, policies, mounts and leases, in the order of the help. */
export const EVERYDAY_COMMANDS: readonly CommandEntry[] = [
  { name: 'login', summary: 'keep a token for what follows', load: () => import('./login.ts') },
  { name: 'print token', summary: 'the token in use', load: () => import('./print-token.ts') },
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

import type { CommandSpec } from './command.ts'
import { rekeyCommand } from './rekey-command.ts'

/** `conclave operator rotate-keys`: the rekey for those who have a token, as the newest peers call it. */
export const command: CommandSpec = rekeyCommand({
  name: 'operator rotate-keys',
  summary: 'Changes the shares as "operator rekey" does, on the API that asks for a token as well.',
  noun: 'rotation',
  gerund: 'rotation',
  faces: { barrier: 'rotate', recovery: 'rotate-recovery' },
  takesHolder: false,
  examples: [
    {
      does: 'start: each of three new shares encrypted to its holder',
      types: 'operator rotate-keys -init -n 3 -t 2 -pgp-keys=a.asc,b.asc,c.asc -backup',
    },
    { does: 'agree with an old share; what is typed is not shown', types: 'operator rotate-keys' },
    {
      does: 'how far it is, or end it with nothing changed',
      types: 'operator rotate-keys -status    (or -cancel)',
    },
  ],
})

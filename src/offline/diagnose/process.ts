import { type Finding, failure, ok, warning } from './finding.ts'
import type { ProcessFacts } from './machine.ts'

/** The least version that runs the server. */
const LEAST_NODE = 24
/** What the server sets before it makes a file: nothing for group and others. */
const PRIVATE_UMASK = 0o077

export function judgeNode(version: string): Finding {
  const major = Number(version.split('.')[0])
  const check = 'node'
  if (major >= LEAST_NODE) return ok(check, `Node.js ${version}`)
  return failure(check, `Node.js ${version} is too old`, `install Node.js ${LEAST_NODE} or newer`)
}

/**
 * What can be told of the process that serves, `pid`, or of one that would be started from here as this
 * program was, for `null`.
 */
export function judgeProcess(facts: ProcessFacts, pid: number | null): readonly Finding[] {
  return [...memory(facts), inspector(facts, pid), umask(facts, pid)]
}

function memory({ memoryWarnings }: ProcessFacts): readonly Finding[] {
  if (memoryWarnings.length === 0) return [ok('memory', 'neither swap nor core files take it to a disk')]
  return memoryWarnings.map((says) => warning('memory', says, null))
}

function inspector({ flagFault, opensInspector }: ProcessFacts, pid: number | null): Finding {
  const check = 'inspector'
  if (flagFault !== null) return failure(check, flagFault, null)
  if (opensInspector !== true) return ok(check, 'closed, and no signal opens it')
  const who = pid === null ? 'this program was' : `process ${pid} was`
  const next = 'start it by bin/conclave, or Node.js with --disable-sigusr1'
  return warning(
    check,
    `${who} started so that, until it serves, SIGUSR1 opens the inspector, which reads memory`,
    next,
  )
}

function umask({ umask: mask }: ProcessFacts, pid: number | null): Finding {
  const check = 'umask'
  if (pid === null || mask === null) return ok(check, 'the server makes files for its own user alone')
  if ((mask & PRIVATE_UMASK) === PRIVATE_UMASK)
    return ok(check, `0${mask.toString(8)}: files for its user alone`)
  const says = `process ${pid} makes files that other users may read (umask ${mask.toString(8)})`
  return failure(check, says, 'start the server anew: it sets its umask itself')
}

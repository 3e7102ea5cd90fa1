import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { OperatingError } from '../../base/errors.ts'
import { checkFolder, LOCK_FILE } from '../../physical/sqlite/folder.ts'
import { isLocked } from '../../physical/sqlite/lock.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import { holderIn } from './lock-table.ts'
import type { Machine } from './machine.ts'

/** Whether a process serves the store, and which; `pid` is `null` where it cannot be told. */
export type Holder = { readonly held: false } | { readonly held: true; readonly pid: number | null }

export interface HolderFound {
  readonly holder: Holder
  readonly finding: Finding
}

/** Looks who serves the store. Nothing is made, and nothing is held any longer than it takes to look. */
export function findHolder(folder: string, machine: Machine): HolderFound {
  const check = 'store lock'
  const path = join(folder, LOCK_FILE)
  try {
    if (!isLocked(path))
      return { holder: { held: false }, finding: ok(check, 'free: no server has this store') }
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    const next = 'run this as the user of the server'
    return {
      holder: { held: false },
      finding: failure(check, `it cannot be looked at: ${error.message}`, next),
    }
  }
  const { dev, ino } = lstatSync(path, { bigint: true })
  const table = machine.lockTable()
  const pid = table === null ? null : holderIn(table, { device: dev, inode: ino })
  const name = pid === null ? null : machine.processFacts(pid).name
  const who =
    pid === null
      ? 'a process that cannot be told from here, perhaps in another container'
      : `process ${pid}${name === null ? '' : ` (${name})`}`
  return { holder: { held: true, pid }, finding: ok(check, `held by ${who}, which serves this store`) }
}

/** Owner and modes, as the server itself looks at them before it starts. */
export function judgeFolder(folder: string, machine: Machine, holder: Holder): Finding {
  const check = 'store folder'
  if (!existsSync(folder)) {
    return warning(
      check,
      `${folder} is not there: a server makes it, and a new store in it`,
      'check the path',
    )
  }
  try {
    checkFolder(folder, servingUser(folder, machine, holder))
    return ok(check, `${folder}: 0700 and 0600, of one user, and nothing of others in it`)
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error
    return failure(check, error.message, null)
  }
}

/** Root may look at the store of another user: then that one is meant. */
function servingUser(folder: string, machine: Machine, holder: Holder): number | null {
  if (machine.uid === null) return null
  const serving = holder.held && holder.pid !== null ? machine.processFacts(holder.pid).uid : null
  if (serving !== null) return serving
  return machine.uid === 0 ? lstatSync(folder).uid : machine.uid
}

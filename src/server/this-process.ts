import { readFileSync } from 'node:fs'
import { url } from 'node:inspector'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { MachineNames } from './certificate-names.ts'
import type { SystemTexts } from './hygiene.ts'
import { OPENSSL_VARIABLES, type RuntimeFlags } from './runtime-flags.ts'

/** How this process was started, and what the system around it is. */

export function runtimeFlags(): RuntimeFlags {
  return {
    execArgv: process.execArgv,
    nodeOptions: process.env['NODE_OPTIONS'] ?? '',
    nodeDebug: process.env['NODE_DEBUG'] ?? '',
    openSsl: OPENSSL_VARIABLES.filter((name) => (process.env[name] ?? '') !== ''),
    inspectorIsOpen: url() !== undefined,
  }
}

/** Of Linux (proc(5)); elsewhere nothing is there to be read, and nothing is said. `null` is this process. */
export function systemTexts(pid: number | null = null): SystemTexts {
  const folder = `/proc/${pid ?? 'self'}`
  const group = groupIn(textOf(join(folder, 'cgroup')))
  return {
    limits: textOf(join(folder, 'limits')),
    corePattern: textOf('/proc/sys/kernel/core_pattern'),
    swaps: textOf('/proc/swaps'),
    swapMax: textOf(join('/sys/fs/cgroup', group, 'memory.swap.max')),
  }
}

export function machineNames(): MachineNames {
  const interfaces = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
  return { hostname: hostname(), addresses: interfaces.map(({ address }) => address) }
}

/** The control group of version 2, whose line is `0::/…` (cgroups(7)). */
function groupIn(lines: string | null): string {
  return /^0::(\/.*)$/m.exec(lines ?? '')?.[1] ?? ''
}

/** `null` on another system, or one that hides it: then there is nothing to judge. */
export function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Why it cannot be read changes nothing.
    return null
  }
}

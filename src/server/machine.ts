import { readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { OperatingError } from '../base/errors.ts'
import { judgeKey, readCertificate } from '../crypto/node/x509.ts'
import type { Machine, ProcessFacts } from '../offline/diagnose/machine.ts'
import { memoryWarnings } from './hygiene.ts'
import { OPENSSL_VARIABLES, type RuntimeFlags, refuseRuntimeFlags } from './runtime-flags.ts'
import { startChecks } from './start-checks.ts'
import { systemClock } from './system-ports.ts'
import { runtimeFlags, systemTexts, textOf } from './this-process.ts'

/**
 * This machine for `conclave operator diagnose`. Processes are read by `/proc` (proc(5)); where there is
 * none, or it is not for this user, nothing is said of them.
 */
export const machine: Machine = {
  clock: systemClock,
  nodeVersion: process.versions.node,
  uid: process.getuid?.() ?? null,
  // Not the clock's own way of waiting, which lets a program end that has nothing else to do.
  pause: (milliseconds) => new Promise((resolve) => void setTimeout(resolve, milliseconds)),
  processFacts,
  lockTable: () => textOf('/proc/locks'),
  certificates: { readCertificate, judgeKey },
  start: startChecks,
}

function processFacts(pid: number | null): ProcessFacts {
  const folder = `/proc/${pid ?? 'self'}`
  const status = textOf(join(folder, 'status'))
  const flags = flagsOf(folder, pid)
  return {
    name: programOf(folder),
    uid: numberIn(status, /^Uid:\s+\d+\s+(\d+)/m, 10),
    umask: numberIn(status, /^Umask:\s+(\d+)/m, 8),
    memoryWarnings: memoryWarnings(systemTexts(pid)),
    flagFault: flags === null ? null : faultOf(flags),
    opensInspector: flags === null ? null : !flags.execArgv.includes('--disable-sigusr1'),
  }
}

type Flags = Omit<RuntimeFlags, 'inspectorIsOpen'>

/** Only what stands before the program: its own arguments may hold a token. */
function flagsOf(folder: string, pid: number | null): Flags | null {
  if (pid === null) return runtimeFlags()
  const words = textOf(join(folder, 'cmdline'))?.split('\0')
  // The lock may be held by another program, whose words mean something else.
  if (words === undefined || !/^node/.test(programOf(folder) ?? '')) return null
  const own = words.slice(1)
  const end = own.findIndex((word) => !word.startsWith('-'))
  const environment = textOf(join(folder, 'environ'))?.split('\0') ?? []
  const setting = (name: string): string =>
    environment.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
  return {
    execArgv: end === -1 ? own : own.slice(0, end),
    nodeOptions: setting('NODE_OPTIONS'),
    nodeDebug: setting('NODE_DEBUG'),
    openSsl: OPENSSL_VARIABLES.filter((name) => setting(name) !== ''),
  }
}

function programOf(folder: string): string | null {
  try {
    return basename(readlinkSync(join(folder, 'exe')))
  } catch {
    // Of another user: whose flags could not be read either.
    return null
  }
}

function faultOf(flags: Flags): string | null {
  try {
    refuseRuntimeFlags({ ...flags, inspectorIsOpen: false })
    return null
  } catch (error) {
    if (error instanceof OperatingError) return error.message
    throw error
  }
}

function numberIn(text: string | null, pattern: RegExp, radix: number): number | null {
  const digits = pattern.exec(text ?? '')?.[1]
  return digits === undefined ? null : Number.parseInt(digits, radix)
}

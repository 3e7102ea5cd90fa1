/** What the system says of memory that may leave the process; `null` where it does not say. */
export interface SystemTexts {
  /** `/proc/self/limits` */
  readonly limits: string | null
  /** `/proc/sys/kernel/core_pattern` */
  readonly corePattern: string | null
  /** `/proc/swaps` */
  readonly swaps: string | null
  /** `memory.swap.max` of the control group */
  readonly swapMax: string | null
}

/** How memory with keys could get to a disk on this machine, a sentence each with what to do. */
export function memoryWarnings(texts: SystemTexts): readonly string[] {
  return [coreWarning(texts), swapWarning(texts)].filter((warning) => warning !== null)
}

/** core(5): a limit of zero keeps the kernel from writing a core, but not from handing one to a program. */
function coreWarning({ limits, corePattern }: SystemTexts): string | null {
  const limit = /^Max core file size\s+(\S+)/m.exec(limits ?? '')?.[1]
  if (limit === undefined) return null
  const pattern = (corePattern ?? '').trim()
  if (pattern.startsWith('|')) {
    const program = pattern.slice(1).split(' ')[0] ?? ''
    return (
      `when this process crashes, its memory with all keys goes to ${program} (kernel.core_pattern). ` +
      'Have that program store nothing, or set  sysctl -w kernel.core_pattern=core'
    )
  }
  if (limit === '0') return null
  return (
    'when this process crashes, its memory with all keys is written to a core file. Start it by ' +
    'bin/conclave, or with  ulimit -c 0  or LimitCORE=0'
  )
}

/** Swap that is compressed memory goes to no disk; whether a disk is encrypted cannot be seen from here. */
function swapWarning({ swaps, swapMax }: SystemTexts): string | null {
  if (swapMax?.trim() === '0') return null
  const places = (swaps ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s/)[0] ?? '')
  const disks = places.filter((place) => place !== '' && !place.startsWith('/dev/zram'))
  if (disks.length === 0) return null
  return (
    `swap is on (${disks.join(', ')}): memory with keys may be written there. Run  swapoff -a, encrypt it, ` +
    'or give the service MemorySwapMax=0'
  )
}

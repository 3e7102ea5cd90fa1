/** A file as the table of locks names it. */
export interface LockedFile {
  readonly device: bigint
  readonly inode: bigint
}

/**
 * Who holds a lock on the file, by `/proc/locks` (proc_locks(5)); `null` where nobody does, or nobody who can
 * be seen from here, as a process of another container.
 */
export function holderIn(table: string, { device, inode }: LockedFile): number | null {
  const rows = table.split('\n').flatMap((line) => {
    const match = /^\d+: POSIX +ADVISORY +WRITE +(\d+) ([0-9a-f]+:[0-9a-f]+):(\d+) /.exec(line)
    return match === null ? [] : [{ pid: Number(match[1]), device: match[2], inode: match[3] }]
  })
  const same = rows.filter((row) => row.inode === String(inode))
  // Some file systems have one number for stat(2) and another one here.
  const exact = same.filter((row) => row.device === deviceText(device))
  const holders = new Set((exact.length > 0 ? exact : same).map(({ pid }) => pid))
  const [holder, ...others] = holders
  return holder === undefined || others.length > 0 ? null : holder
}

/** `08:01`, from the number of stat(2) (makedev(3)). */
function deviceText(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n)
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':')
}

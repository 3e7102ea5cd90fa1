/** What the machine says about itself, handed in: it is the operating system's to answer. */
export interface HostPort {
  hostname(): string
  read(): HostReadings
}

export interface HostReadings {
  readonly uptimeSeconds: number
  readonly system: string
  readonly kernelVersion: string
  readonly machine: string
  readonly processors: readonly Processor[]
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number }
  /** The file system of the store; `null` where it cannot be read. */
  readonly disk: Disk | null
}

/** Times since the machine started, in milliseconds. */
export interface Processor {
  readonly model: string
  readonly megahertz: number
  readonly userMs: number
  readonly niceMs: number
  readonly systemMs: number
  readonly idleMs: number
  readonly interruptMs: number
}

export interface Disk {
  readonly path: string
  readonly totalBytes: number
  /** What nobody uses. */
  readonly unusedBytes: number
  /** What this user may still use. */
  readonly freeBytes: number
  readonly totalFiles: number
  readonly freeFiles: number
}

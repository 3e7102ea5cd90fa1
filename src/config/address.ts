export interface HostPort {
  readonly host: string
  readonly port: number
}

/** `host:port`, with brackets around an IPv6 host. `null` for anything else. */
export function parseAddress(text: string): HostPort | null {
  const match = /^(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3] ?? Number.NaN)
  if (match === null || port > 65_535) return null
  return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : (match[2] ?? '')), port }
}

/** Whether nothing sent to this host leaves the machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** A DNS name in lower case, without the dot at its end; `null` for anything else. */
export function parseHostName(text: string): string | null {
  const name = text.toLowerCase().replace(/\.$/, '')
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  return name.length <= 253 && new RegExp(`^${label}(?:\\.${label})*$`).test(name) ? name : null
}

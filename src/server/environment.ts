/**
 * What a running server leaves in its environment: what Node.js, SQLite and the system's library look at
 * late. Everything else may be a secret, and whoever reads memory or a report of the process finds it; of
 * OpenSSL's, which could choose code, nothing is left to be looked at.
 */
const KEPT: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'LANG', 'LANGUAGE', 'TZ', 'TZDIR', 'TMPDIR', 'SQLITE_TMPDIR'],
  // Windows.
  ...['SYSTEMROOT', 'WINDIR', 'TEMP', 'TMP', 'USERPROFILE', 'COMSPEC', 'PATHEXT'],
])
const KEPT_PREFIXES = ['LC_', 'NODE_', 'UV_', 'SSL_']

/**
 * Takes everything else out of the environment of this process. What the kernel keeps of its beginning
 * (`/proc/…/environ`) cannot be changed from inside: `bin/conclave` starts servers without tokens.
 */
export function forgetEnvironment(environment: Record<string, string | undefined>): void {
  for (const name of Object.keys(environment)) {
    const upper = name.toUpperCase()
    if (!KEPT.has(upper) && !KEPT_PREFIXES.some((prefix) => upper.startsWith(prefix))) {
      delete environment[name]
    }
  }
}

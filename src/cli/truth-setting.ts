const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/**
 * As Go's `strconv.ParseBool`, which reads these variables in the peers' clients; `null` for what it does not
 * read, and for nothing.
 */
export function truthOf(text: string | null): boolean | null {
  if (text === null) return null
  return TRUE.has(text) ? true : FALSE.has(text) ? false : null
}

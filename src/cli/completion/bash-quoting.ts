/** What means nothing to bash inside a word, and every letter that is not of ASCII. */
const SPECIAL = /[^\w./,:=@%+\-\u0080-\u{10ffff}]/gu

/**
 * Text as it has to stand in a line of bash to mean itself, behind an open `quote` or none. Bash puts
 * candidates into the line as they are, and then runs the line (its manual, "QUOTING").
 */
export function quoteForBash(text: string, quote: string): string {
  if (quote === '') return text.replace(SPECIAL, '\\$&')
  const quoted = quote === "'" ? text.replaceAll("'", String.raw`'\''`) : withinDouble(text)
  // Readline closes the quote behind a whole word, but not where it sees one that looks closed.
  return quoted.endsWith(quote) ? quoted + quote : quoted
}

function withinDouble(text: string): string {
  // History is expanded within double quotes, where a backslash before it would stay: it goes outside.
  return text.replace(/[$`"\\]/g, '\\$&').replaceAll('!', String.raw`"\!"`)
}

const HOLDERS = process.env['CONCLAVE_HOLDERS'] ?? ''

/** The public keys of two people, in base64. */
export async function pgpKeys(): Promise<string[]> {
  return (await (await fetch(`${HOLDERS}/keys`)).json()) as string[]
}

/** What each of them, from `first` on, reads in its message, in base64. */
export async function opened(messages: readonly string[], first = 0): Promise<string[]> {
  const texts: string[] = []
  for (const [index, message] of messages.entries()) {
    const body = JSON.stringify({ holder: first + index, message })
    texts.push(await (await fetch(`${HOLDERS}/read`, { method: 'POST', body })).text())
  }
  return texts
}

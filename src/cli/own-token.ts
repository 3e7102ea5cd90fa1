import { type FileHandle, open } from 'node:fs/promises'
import { type Environment, findSetting, tokenFile } from '../config/environment.ts'
import { fileProblem, UsageError } from './failure.ts'

/** A token has to fit into a header of a request. */
const TOKEN = /^[!-~]{1,4096}$/

/** A token that this user keeps. */
export interface OwnToken {
  readonly token: string
  /** What is wrong with the place where it was, with what to do; `null` for nothing. */
  readonly warning: string | null
}

/** Whether a text can be a token. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/**
 * The token of the environment, else of `~/.vault-token`, else none (surface.md section 15.3). Blanks and
 * line ends around it are no part of it. Throws `UsageError` that names the place, and shows nothing of what
 * is in it.
 */
export async function findToken(env: Environment): Promise<OwnToken | null> {
  const given = findSetting(env, 'TOKEN')
  const text = given?.value.trim() ?? ''
  if (given !== null && text !== '') return { token: checked(text, given.variable), warning: null }
  const path = tokenFile(env)
  return path === null ? null : await ofFile(path)
}

async function ofFile(path: string): Promise<OwnToken | null> {
  let file: FileHandle | null = null
  try {
    file = await open(path)
    const { mode } = await file.stat()
    const text = (await file.readFile('utf8')).trim()
    return text === '' ? null : { token: checked(text, path), warning: exposure(path, mode) }
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new UsageError(`the token file ${path} is of no use: ${fileProblem(error)}`)
  } finally {
    await file?.close()
  }
}

/** Of a file that is not for its owner alone. */
function exposure(path: string, mode: number): string | null {
  if ((mode & OTHERS) === 0) return null
  const shown = (mode % 0o1000).toString(8).padStart(4, '0')
  return `Warning: other users of this machine may open the token file ${path} (mode ${shown}).
Close it with: chmod 600 ${path}`
}

/** Permissions of the group and of everybody. */
const OTHERS = 0o077

function checked(text: string, place: string): string {
  if (isToken(text)) return text
  throw new UsageError(`${place} holds no token: there are blanks or characters in it that no token has`, {
    hint: 'Next: conclave login',
  })
}

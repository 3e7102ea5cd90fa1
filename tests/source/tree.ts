import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The root of the checkout. */
export const ROOT = join(import.meta.dirname, '..', '..')

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string
  readonly text: string
}

const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'data'])
const TEXT = /\.(ts|js|json|md|sh|ya?ml|html|css|txt)$|^[^.]+$|^\.git(ignore|attributes)$/

/** Every text file of the project, read from the disk: a test must also run where git is not installed. */
export function projectFiles(folder = ROOT): readonly SourceFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (NOT_OURS.has(entry.name)) return []
    if (entry.isDirectory()) return projectFiles(path)
    if (!entry.isFile() || !TEXT.test(entry.name)) return []
    return [{ path: relative(ROOT, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }]
  })
}

import { UsageError } from '../failure.ts'

/** A mount as people write it, with or without slashes around it. Throws `UsageError` for none. */
export function mountPath(given: string | undefined): string {
  const path = (given ?? '').replace(/^\/+|\/+$/g, '')
  if (path === '') throw new UsageError('give the path of a mount, for example kv/')
  return path
}

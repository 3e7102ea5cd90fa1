import { createRequire } from 'node:module'

/*
 * node:http by `require`: an `import` reads every member of a module, and one of this one's is a whole HTTP
 * client of 30 ms and 13 MB (Node.js 24) that nobody here calls. What only TLS needs is loaded with TLS.
 */
const require = createRequire(import.meta.url)

export const { createServer }: typeof import('node:http') = require('node:http')

export function nodeHttps(): typeof import('node:https') {
  return require('node:https')
}

export function nodeTls(): typeof import('node:tls') {
  return require('node:tls')
}

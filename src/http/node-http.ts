/*
 * An `import` of node:http reads every member of it, and one of them is a whole HTTP client of 20 ms and
 * 13 MB (Node.js 24) that nobody here calls; of what the process gives, members are read as they are used.
 * What only TLS needs is loaded with TLS.
 */
const nodeHttp = process.getBuiltinModule('node:http')

export const createServer = nodeHttp.createServer

export function nodeHttps(): typeof import('node:https') {
  return process.getBuiltinModule('node:https')
}

export function nodeTls(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls')
}

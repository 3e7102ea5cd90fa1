import { OperatingError } from '../base/errors.ts'
import { expectFree } from '../http/endpoint.ts'
import type { StartChecks } from '../offline/diagnose/machine.ts'
import { readInitSecret } from './init-secret.ts'
import { checkPidFile } from './pid-file.ts'
import { systemClock } from './system-ports.ts'
import { readTlsFiles } from './tls-files.ts'
import { checkSocketPlace } from './unix-socket.ts'

/** What a start looks at, for whoever only wants to know: by the very functions that the start calls. */
export const startChecks: StartChecks = {
  tls: ({ certFile, keyFile, ...terms }) =>
    faultOf(() => {
      const certificate = { certFile, keyFile }
      readTlsFiles({ certificate, ...terms }, certificate, systemClock.now()).settings.key.fill(0)
    }),
  initSecret: (path) => faultOf(() => readInitSecret(path)?.[Symbol.dispose]()),
  pidFile: (path) => faultOf(() => checkPidFile(path)),
  socket: (place) => faultOf(() => checkSocketPlace(place)),
  addresses: async (addresses) => {
    try {
      await expectFree(addresses)
      return null
    } catch (error) {
      return sentenceOf(error)
    }
  },
}

function faultOf(look: () => void): string | null {
  try {
    look()
    return null
  } catch (error) {
    return sentenceOf(error)
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof OperatingError) return error.message
  throw error
}

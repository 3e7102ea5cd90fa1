import { setTimeout as pause } from 'node:timers/promises'
import type { ClientOptions } from '../client/conclave-client.ts'
import { parseDuration } from '../config/duration.ts'
import { type Environment, findSetting } from '../config/environment.ts'
import { UsageError } from './failure.ts'
import { truthOf } from './truth-setting.ts'

/** A day. */
const MAX_TIMEOUT_MS = 24 * 3600 * 1000
export const MAX_RETRIES = 100

/** Variables of the peers' clients that change what a request does, and are not read here. */
const NOT_USED = ['HTTP_PROXY', 'PROXY_ADDR', 'RATE_LIMIT', 'SRV_LOOKUP', 'MFA', 'UNWRAP_TOKEN'] as const

/**
 * How requests are made, by the variables of the peers' clients (surface.md section 13.7): for how long, how
 * often again, and whether elsewhere. Throws `UsageError`.
 */
export function clientSettings(env: Environment): Pick<ClientOptions, 'timeoutMs' | 'retries' | 'staysHere'> {
  return { ...timeout(env), ...retries(env), ...redirects(env) }
}

/** A line for each variable that somebody set in vain: its name, and never its value. */
export function settingsNotUsed(env: Environment): readonly string[] {
  return NOT_USED.flatMap((name) => {
    const found = findSetting(env, name)
    if (found === null || truthOf(found.value) === false) return []
    return [`Warning: ${found.variable} is set, and this version does not use it.`]
  })
}

function timeout(env: Environment): Pick<ClientOptions, 'timeoutMs'> {
  const found = findSetting(env, 'CLIENT_TIMEOUT')
  if (found === null) return {}
  const timeoutMs = parseDuration(found.value)
  if (timeoutMs === null || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
    throw new UsageError(`${found.variable} is a time from 1ms to 24h: 30, 90s, 1m30s`)
  }
  return { timeoutMs }
}

function retries(env: Environment): Pick<ClientOptions, 'retries'> {
  const found = findSetting(env, 'MAX_RETRIES')
  if (found === null) return {}
  const times = /^\d{1,3}$/.test(found.value) ? Number(found.value) : Number.NaN
  if (!(times <= MAX_RETRIES)) throw new UsageError(`${found.variable} is a number from 0 to ${MAX_RETRIES}`)
  return { retries: { times, pause: (waitMs, signal) => pause(waitMs, undefined, { signal }) } }
}

function redirects(env: Environment): Pick<ClientOptions, 'staysHere'> {
  const found = findSetting(env, 'DISABLE_REDIRECTS')
  if (found === null) return {}
  const staysHere = truthOf(found.value)
  // Taken for "no" it would send a token where its owner did not want it.
  if (staysHere === null) throw new UsageError(`${found.variable} is true or false`)
  return { staysHere }
}

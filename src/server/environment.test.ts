import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgetEnvironment } from './environment.ts'

test('leaves what the runtime and the system look at, and nothing that could be a secret', () => {
  const environment: Record<string, string | undefined> = {
    PATH: '/bin',
    HOME: '/nowhere',
    LC_ALL: 'C',
    TZ: 'UTC',
    NODE_EXTRA_CA_CERTS: 'ca.pem',
    UV_THREADPOOL_SIZE: '8',
    OPENSSL_MODULES: '/srv/modules',
    CONCLAVE_TOKEN: 's.a',
    BAO_TOKEN: 's.b',
    VAULT_TOKEN: 's.c',
    VAULT_DEV_ROOT_TOKEN_ID: 's.d',
    AWS_SECRET_ACCESS_KEY: 'e',
    PGPASSWORD: 'f',
    database_url: 'postgres://u:g@h/',
  }
  forgetEnvironment(environment)
  assert.deepEqual(Object.keys(environment), [
    ...['PATH', 'HOME', 'LC_ALL', 'TZ', 'NODE_EXTRA_CA_CERTS', 'UV_THREADPOOL_SIZE'],
  ])
})

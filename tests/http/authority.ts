import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate and its key, as PEM. */
export interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** A certificate authority for tests, made by OpenSSL in a folder of its own. */
export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'conclave-ca-'))
  readonly cert: Buffer

  constructor(name = 'test authority') {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const files = ['-keyout', this.#path('ca.key'), '-out', this.#path('ca.pem')]
    openssl('req', '-x509', ...curve, '-subj', `/CN=${name}`, ...files)
    this.cert = readFileSync(this.#path('ca.pem'))
  }

  /** One that it vouches for. `dates` as OpenSSL takes them, `YYYYMMDDHHMMSSZ`. */
  issue(name: string, dates: { readonly from?: string; readonly to?: string } = {}): Pair {
    const [key, request, cert] = [this.#path('key'), this.#path('csr'), this.#path('cert')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', key, '-out', request)
    writeFileSync(this.#path('index'), '')
    writeFileSync(
      this.#path('config'),
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${this.#path('index')}\nrand_serial=yes
new_certs_dir=${this.#folder}
default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:${name}\n`,
    )
    const life = ['-startdate', dates.from ?? '20200101000000Z', '-enddate', dates.to ?? '20991231235959Z']
    const by = ['-cert', this.#path('ca.pem'), '-keyfile', this.#path('ca.key')]
    const files = ['-in', request, '-out', cert, '-notext']
    openssl('ca', '-batch', '-config', this.#path('config'), ...by, ...life, ...files)
    return { cert: readFileSync(cert), key: readFileSync(key) }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }
}

function openssl(...words: readonly string[]): void {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}

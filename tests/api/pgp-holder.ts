import * as openpgp from 'openpgp'

/** Somebody with a key of their own. */
export class Holder {
  readonly #secret: openpgp.PrivateKey

  private constructor(secret: openpgp.PrivateKey) {
    this.#secret = secret
  }

  static async make(options: { readonly signsOnly?: boolean } = {}): Promise<Holder> {
    const subkeys = options.signsOnly === true ? { subkeys: [] } : {}
    // A little old, as keys are: the clocks of two machines differ.
    const date = new Date(Date.now() - 60_000)
    const userIDs = [{ name: 'Holder' }]
    const { privateKey } = await openpgp.generateKey({ userIDs, date, ...subkeys, format: 'object' })
    return new Holder(privateKey)
  }

  /** As `gpg --export KEY | base64 -w0` writes it. */
  get key(): string {
    return Buffer.from(this.#secret.toPublic().write()).toString('base64')
  }

  /** As `gpg --armor --export KEY` writes it. */
  get armored(): string {
    return this.#secret.toPublic().armor()
  }

  get fingerprint(): string {
    return this.#secret.getFingerprint()
  }

  /** What `base64 -d | gpg -d` writes. */
  async read(base64: string): Promise<string> {
    const message = await openpgp.readMessage({
      binaryMessage: new Uint8Array(Buffer.from(base64, 'base64')),
    })
    const { data } = await openpgp.decrypt({ message, decryptionKeys: this.#secret })
    return data as string
  }
}

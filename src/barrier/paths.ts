/** The fixed places of a store. What stands in the clear is written by custody changes alone. */
export const CUSTODY_PATH = 'core/custody'
export const CUSTODY_COPY_PATH = 'core/custody/copy'
export const KEYRING_PATH = 'core/keyring'
export const KEYRING_COPY_PATH = 'core/keyring/copy'
export const ANCHOR_PATH = 'core/anchor'
export const ANCHOR_COPY_PATH = 'core/anchor/copy'

/** Private part of the identity key, behind the barrier. */
export const IDENTITY_PATH = 'core/identity'
/** Root key of the retiring set, behind the barrier: a further rekey that it agrees to must link it anew. */
export const RETIRING_PATH = 'core/retiring'
/** How many seals were done under the newest term, as far as it was last written down. */
export const OPERATIONS_PATH = 'core/operations'
/** Which versions have served this store, and since when. */
export const VERSIONS_PATH = 'core/versions'
/** The running rekey: statement, consents, where its transcript stands. */
export const REKEY_PATH = 'core/ceremonies/rekey'
/** The running generation of a root token: statement, consents, and how the token will be hidden. */
export const GENERATE_ROOT_PATH = 'core/ceremonies/generate-root'
/** The one-time password that will hide it. */
export const GENERATE_ROOT_OTP_PATH = 'core/ceremonies/generate-root-otp'
/** Which holders have opened ceremonies of late. */
export const OPENERS_PATH = 'core/ceremonies/openers'
/** Wrapped shares of the newest rekey that asked for a backup. */
export const BACKUP_PATH = 'core/rekey-backup'
/** SHA-256 of the newest closing line. */
export const TRANSCRIPT_HEAD_PATH = 'core/transcript-head'
/** One folder a ceremony, one entry a line. */
export const TRANSCRIPTS_PREFIX = 'core/transcripts/'
/** Name and id of the cluster. */
export const CLUSTER_PATH = 'core/cluster'
/** The mount table. */
export const MOUNTS_PATH = 'core/mounts'

/** Nothing stands here: what batch tokens are sealed for, so that no stored entry is one. */
export const BATCH_TOKEN_PATH = 'core/batch-token'

/** Everything that the barrier itself does not seal. */
export const CLEAR_PATHS: ReadonlySet<string> = new Set([
  CUSTODY_PATH,
  CUSTODY_COPY_PATH,
  KEYRING_PATH,
  KEYRING_COPY_PATH,
])

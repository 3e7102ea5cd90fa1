/** One command of the transcripts in key-lifecycle.md section 10.3, and what has to come of it. */
export interface Step {
  /** What is typed; `{name}` stands for what an earlier step learnt. */
  readonly types: string
  readonly exit: number
  /** Titles of the table on standard output, in order: header and values stand for themselves. */
  readonly table?: readonly string[]
  /** Members of the JSON object on standard output, in order. */
  readonly json?: readonly string[]
  /** On standard output, besides. */
  readonly prints?: RegExp
  /** On standard error. */
  readonly says?: RegExp
  /** Names for later, by the titles behind which they stand. */
  readonly learns?: Readonly<Record<string, string>>
  /** The new shares, as `{name}1`, `{name}2` … */
  readonly learnsKeys?: string
  /** What is different from the peers: first cells of rows in docs/vault-compatibility.md. */
  readonly differs?: readonly string[]
}

const SENTENCES = 'sentences of the command line'

const SEALED = [
  ...['Seal Type', 'Initialized', 'Sealed', 'Total Shares', 'Threshold', 'Unseal Progress', 'Unseal Nonce'],
  ...['Version', 'Commit Date', 'Storage Type', 'HA Enabled'],
]
const OPEN = [
  ...['Seal Type', 'Initialized', 'Sealed', 'Total Shares', 'Threshold', 'Version', 'Commit Date'],
  ...['Storage Type', 'Cluster Name', 'Cluster ID', 'HA Enabled'],
]
const STATUS_JSON = [
  ...['type', 'initialized', 'sealed', 't', 'n', 'progress', 'nonce', 'version', 'commit_date', 'migration'],
  ...['recovery_seal', 'storage_type', 'build_date', 'ha_enabled'],
]
const OPEN_JSON = STATUS_JSON.flatMap((name) =>
  name === 'migration' ? [name, 'cluster_name', 'cluster_id'] : [name],
)
const KEY_STATUS = ['Key Term', 'Install Time', 'Encryption Count']
const KEY_STATUS_JSON = ['term', 'install_time', 'encryptions']
const REKEY = ['Nonce', 'Started', 'Progress', 'New Shares', 'New Threshold', 'Verification Required']
const REKEY_JSON = [
  ...['nonce', 'started', 't', 'n', 'progress', 'required', 'pgp_fingerprints', 'backup'],
  ...['verification_required', 'verification_nonce'],
]
const VERIFY = ['Started', 'New Shares', 'New Threshold', 'Verification Nonce', 'Verification Progress']
const ROOT_JSON = [
  ...['nonce', 'started', 'progress', 'required', 'complete', 'encoded_token', 'encoded_root_token'],
  ...['pgp_fingerprint', 'otp', 'otp_length'],
]

function refusal(doing: string, request: string, sentence: string): RegExp {
  const escaped = `${doing}: Error making API request.\n\nURL: ${request}`.replace(
    /[.*+?^${}()|[\]\\/]/g,
    '\\$&',
  )
  return new RegExp(
    `^${escaped.replace('HOST', 'http:\\/\\/[^/]+')}\nCode: \\d+\\. Errors:\n\n\\* ${sentence}`,
  )
}

const BEFORE_OPEN: readonly Step[] = [
  { types: 'status', exit: 2, table: SEALED },
  { types: 'status -format=json', exit: 2, json: STATUS_JSON },
  { types: 'operator init -status', exit: 2, prints: /is not initialized\n$/, differs: [SENTENCES] },
  { types: 'operator init -status -format=json', exit: 2, json: ['Initialized'] },
  {
    types: 'operator init',
    exit: 0,
    prints: /^(?:Unseal Key \d: [A-Za-z0-9+/]{44}\n){5}\nInitial Root Token: hvs\.[0-9A-Za-z]{24}\n$/,
    learnsKeys: 'old',
    differs: [SENTENCES, 'tokens'],
  },
  { types: 'operator init -status', exit: 0, prints: /is initialized\n$/, differs: [SENTENCES] },
  {
    types: 'operator init',
    exit: 2,
    says: refusal('Error initializing', 'PUT HOST/v1/sys/init', 'Vault is already initialized'),
  },
  { types: 'operator unseal', exit: 1, says: /is not a terminal/, differs: [SENTENCES] },
  { types: 'operator unseal -non-interactive', exit: 1, differs: [SENTENCES] },
  { types: 'operator unseal {old1}', exit: 0, table: SEALED, prints: /^Unseal Progress +1\/3$/m },
  { types: 'operator unseal -format=json {old2}', exit: 0, json: STATUS_JSON, prints: /"progress": 2,/ },
  { types: 'operator unseal -reset', exit: 0, table: SEALED, prints: /^Unseal Progress +0\/3$/m },
  {
    types: 'operator unseal aaaa',
    exit: 1,
    says: /Nothing was sent/,
    differs: ['a text that can be no share'],
  },
  { types: 'operator unseal {old1}', exit: 0 },
  { types: 'operator unseal {old2}', exit: 0 },
  { types: 'operator unseal {old3}', exit: 0, table: OPEN },
  { types: 'status', exit: 0, table: OPEN },
  { types: 'status -format=json', exit: 0, json: OPEN_JSON },
]

const DATA_KEYS: readonly Step[] = [
  {
    types: 'operator key-status',
    exit: 0,
    table: KEY_STATUS,
    prints: /\d\d [A-Z][a-z]{2} \d\d \d\d:\d\d UTC/,
  },
  { types: 'operator key-status -format=json', exit: 0, json: KEY_STATUS_JSON },
  {
    types: 'operator rotate',
    exit: 0,
    table: KEY_STATUS,
    says: /^Success! Rotated key\n/,
    differs: [SENTENCES],
  },
  { types: 'operator rotate -format=json', exit: 0, json: KEY_STATUS_JSON },
  {
    types: 'operator members',
    exit: 0,
    prints: /^Host Name +API Address +Cluster Address +Active Node +Version +Upgrade Version +Last Echo\n/,
  },
  { types: 'operator members -format=json', exit: 0, json: ['Nodes'] },
  { types: 'operator step-down', exit: 0, says: /^Success! Stepped down: http/, differs: [SENTENCES] },
]

const REKEYS: readonly Step[] = [
  { types: 'operator rekey -status', exit: 0, table: ['Nonce', 'Started'] },
  { types: 'operator rekey -status -format=json', exit: 0, json: REKEY_JSON },
  { types: 'operator rekey', exit: 1, says: /^No rekey is in progress\./ },
  {
    types: 'operator rekey -init -key-shares=3 -key-threshold=2',
    exit: 0,
    table: REKEY,
    says: /^WARNING!/,
    learns: { nonce: 'Nonce' },
    differs: [SENTENCES],
  },
  {
    types: 'operator rekey -init',
    exit: 2,
    says: refusal('Error initializing rekey', 'PUT HOST/v1/sys/rekey/init', 'rekey already in progress'),
  },
  {
    types: 'operator rekey {old1}',
    exit: 1,
    says: /^Missing nonce value: specify it via the -nonce flag\n/,
  },
  {
    types: 'operator rekey -nonce=bad {old1}',
    exit: 2,
    says: /Error posting unseal key: Error making .*Code: 400.*\* incorrect nonce supplied; nonce/s,
    differs: ['a share on the command line'],
  },
  { types: 'operator rekey -nonce={nonce} {old1}', exit: 0, table: REKEY, prints: /^Progress +1\/3$/m },
  { types: 'operator rekey -nonce={nonce} -format=json {old2}', exit: 0, json: REKEY_JSON },
  {
    types: 'operator rekey -nonce={nonce} {old3}',
    exit: 0,
    prints: /^\n(?:Key \d: \S{44}\n){3}\nOperation nonce: \S{36}\n$/,
    learnsKeys: 'new',
    differs: [SENTENCES],
  },
  {
    types: 'operator rekey -init -key-shares=3 -key-threshold=2 -verify',
    exit: 0,
    table: REKEY,
    prints: /^Verification Required +true$/m,
    learns: { nonce: 'Nonce' },
    differs: [SENTENCES],
  },
  { types: 'operator rekey -nonce={nonce} {new1}', exit: 0 },
  {
    types: 'operator rekey -nonce={nonce} {new2}',
    exit: 0,
    prints: /^\n(?:Key \d: \S{44}\n){3}\nOperation nonce: \S{36}\n.*Verification Progress +0\/2\n$/s,
    says: /not open anything yet/i,
    learns: { verification: 'Verification Nonce' },
    learnsKeys: 'back',
    differs: [SENTENCES],
  },
  { types: 'operator rekey -verify -status', exit: 0, table: VERIFY },
  {
    types: 'operator rekey -verify -status -format=json',
    exit: 0,
    json: ['nonce', 'started', 't', 'n', 'progress'],
  },
  { types: 'operator rekey -status', exit: 0, table: [...REKEY, 'Verification Nonce'] },
  {
    types: 'operator rekey -verify -nonce={verification} {back1}',
    exit: 0,
    table: VERIFY,
    prints: /^Verification Progress +1\/2$/m,
  },
  {
    types: 'operator rekey -verify -cancel',
    exit: 0,
    says: /^Success! Canceled rekeying \(if it was started\)\n/,
    differs: [SENTENCES],
  },
  { types: 'operator rekey -verify -status', exit: 0, learns: { verification: 'Verification Nonce' } },
  { types: 'operator rekey -verify -nonce={verification} {back1}', exit: 0 },
  {
    types: 'operator rekey -verify -nonce={verification} {back2}',
    exit: 0,
    says: /Success! The new shares were proven/,
    differs: [SENTENCES],
  },
]

const TO_KEYS: readonly Step[] = [
  {
    types: 'operator rekey -init -key-shares=3 -key-threshold=2 -pgp-keys={keys}',
    exit: 0,
    table: [...REKEY, 'PGP Fingerprints', 'Backup'],
    prints: /^Backup +false$/m,
    says: /^WARNING!/,
    differs: [SENTENCES],
  },
  { types: 'operator rekey -cancel', exit: 0, says: /^Success! Canceled rekeying/, differs: [SENTENCES] },
  {
    types: 'operator rekey -init -key-shares=3 -key-threshold=2 -pgp-keys={keys} -backup',
    exit: 0,
    table: [...REKEY, 'PGP Fingerprints', 'Backup'],
    prints: /^Backup +true$/m,
    learns: { nonce: 'Nonce' },
  },
  { types: 'operator rekey -nonce={nonce} {back1}', exit: 0 },
  {
    types: 'operator rekey -nonce={nonce} -format=json {back2}',
    exit: 0,
    json: [
      ...['nonce', 'complete', 'keys', 'keys_base64', 'pgp_fingerprints', 'backup', 'verification_required'],
      'retiring',
    ],
    learnsKeys: 'wrapped',
    differs: ['`rekey -format=json`, the new shares'],
  },
  {
    types: 'operator rekey -backup-retrieve',
    exit: 0,
    table: ['keys', 'keys_base64', 'nonce'],
    prints: /^keys +map\[[0-9a-f]{40}:\[[0-9a-f]+\] /m,
  },
  {
    types: 'operator rekey -backup-retrieve -format=json',
    exit: 0,
    json: ['request_id', 'lease_id', 'lease_duration', 'renewable', 'data', 'warnings'],
  },
  {
    types: 'operator rekey -backup-delete',
    exit: 0,
    says: /^Success! Deleted backed up keys \(if they existed\)\n/,
    differs: [SENTENCES],
  },
  {
    types: 'operator rekey -backup-retrieve',
    exit: 2,
    says: refusal(
      'Error retrieving rekey backed up keys',
      'GET HOST/v1/sys/rekey/backup',
      'no backed-up keys found',
    ),
  },
]

const ROOT = ['Nonce', 'Started', 'Progress', 'Complete']

const ROOT_TOKENS: readonly Step[] = [
  {
    types: 'operator generate-root -status',
    exit: 0,
    table: [...ROOT, 'OTP Length'],
    differs: ['`otp_length`'],
  },
  { types: 'operator generate-root -status -format=json', exit: 0, json: ROOT_JSON },
  { types: 'operator generate-root', exit: 1, says: /^No root generation is in progress\..* 28 char/s },
  { types: 'operator generate-root -generate-otp', exit: 0, prints: /^[0-9A-Za-z]{28}$/ },
  { types: 'operator generate-root -generate-otp -format=json', exit: 0, json: ['otp', 'otp_length'] },
  {
    types: 'operator generate-root -init -otp=a -pgp-key={key}',
    exit: 1,
    says: /^Error initializing: cannot specify both -otp and -pgp-key\n/,
  },
  {
    types: 'operator generate-root -init',
    exit: 0,
    table: [...ROOT, 'OTP', 'OTP Length'],
    says: /^A one-time password was made for you/,
    learns: { nonce: 'Nonce', otp: 'OTP' },
    differs: [SENTENCES],
  },
  { types: 'operator generate-root -nonce={nonce} {read1}', exit: 0, table: ROOT },
  {
    types: 'operator generate-root -nonce={nonce} {read2}',
    exit: 0,
    table: [...ROOT, 'Encoded Token'],
    learns: { encoded: 'Encoded Token' },
  },
  { types: 'operator generate-root -decode={encoded} -otp={otp}', exit: 0, prints: /^hvs\.[0-9A-Za-z]{24}$/ },
  { types: 'operator generate-root -decode={encoded} -otp={otp} -format=json', exit: 0, json: ['token'] },
  {
    types: 'operator generate-root -decode={encoded}',
    exit: 1,
    says: /^Missing otp: use -otp to supply it\n/,
  },
  {
    types: 'operator generate-root -cancel',
    exit: 0,
    says: /^Success! Root token generation canceled \(if it was started\)\n/,
    differs: [SENTENCES],
  },
  { types: 'operator generate-root -init -pgp-key={key} -format=json', exit: 0, json: ROOT_JSON },
  {
    types: 'operator generate-root -cancel -format=json',
    exit: 0,
    says: /^Success! Root token generation canceled/,
    differs: [SENTENCES],
  },
]

const REST: readonly Step[] = [
  { types: 'operator rotate-keys -status', exit: 0, table: ['Nonce', 'Started'] },
  { types: 'operator rotate-keys -status -format=json', exit: 0, json: REKEY_JSON },
  {
    types: 'operator rotate-keys -init -key-shares=5 -key-threshold=3',
    exit: 0,
    table: REKEY,
    says: /^WARNING!/,
    differs: [SENTENCES],
  },
  {
    types: 'operator rotate-keys -cancel',
    exit: 0,
    says: /^Success! Canceled rotation \(if it was started\)\n/,
    differs: [SENTENCES],
  },
  { types: 'operator rekey -init -target=bogus', exit: 1, says: /^Unknown target: bogus\n/ },
  {
    types: 'operator rekey -target=recovery -status',
    exit: 2,
    says: refusal(
      'Error reading rekey status',
      'GET HOST/v1/sys/rekey-recovery-key/init',
      'recovery rekeying not supported',
    ),
  },
  {
    types: 'operator rekey -init -key-shares=1 -key-threshold=2',
    exit: 2,
    says: /Code: 400.*\* invalid rekey seal configuration: threshold cannot be larger than shares\n/s,
    differs: ['`rekey/init` with bad numbers'],
  },
  { types: 'operator rekey a b', exit: 1, says: /^Too many arguments \(expected 0-1, got 2\)\n/ },
  { types: 'operator rekey -bogus', exit: 1, says: /^flag provided but not defined: -bogus\n/ },
  { types: 'operator seal', exit: 0, says: /^Success! The server is sealed\.\n/, differs: [SENTENCES] },
  { types: 'operator seal', exit: 0, says: /^Success! The server is sealed\.\n/, differs: [SENTENCES] },
  { types: 'status', exit: 2, table: SEALED },
  {
    types: 'operator key-status',
    exit: 2,
    says: refusal('Error reading key status', 'GET HOST/v1/sys/key-status', 'Vault is sealed'),
  },
  {
    types: 'operator rotate',
    exit: 2,
    says: refusal('Error rotating key', 'POST HOST/v1/sys/rotate/keyring', 'Vault is sealed'),
  },
  { types: 'operator seal extra', exit: 1, says: /^Too many arguments \(expected 0, got 1\)\n/ },
]

/** In their order: each stands on what the ones before have left. */
export const STEPS: readonly Step[] = [...[BEFORE_OPEN, DATA_KEYS, REKEYS, TO_KEYS, ROOT_TOKENS, REST].flat()]

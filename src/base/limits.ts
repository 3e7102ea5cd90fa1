/** Every bound of the server in one place, each with its unit in its name. A test stands one past each. */

/** NIST SP 800-38D section 8.3: at most 2^32 random 96-bit nonces a key. */
export const MAX_SEALS_PER_KEY = 2 ** 32
/** Rotation happens well before `MAX_SEALS_PER_KEY`: 90 percent of it, as the peers do. */
export const MAX_OPERATIONS_DEFAULT = 3_865_470_566
/** Operations are reserved in blocks of at most this many before they are used (custody.md section 1). */
export const OPERATION_BLOCK_MAX = 2 ** 24
/** What `sys/rotate/config` takes: operations up to `MAX_OPERATIONS_DEFAULT`, and no age below a day. */
export const MIN_OPERATIONS = 1_000_000
export const MIN_ROTATION_INTERVAL_MS = 24 * 60 * 60 * 1000
/** How often the server looks whether a new data key is due. */
export const ROTATION_CHECK_MS = 5 * 60 * 1000

export const MAX_SHARES = 255
export const MAX_KEY_BYTES = 4096
export const MAX_ENTRY_BYTES = 32 * 1024 * 1024
export const MAX_LIST_PAGE = 10_000
/** Stored bytes, still sealed, that are kept of what was read last; longer values are not kept. */
export const READ_CACHE_BYTES = 16 * 1024 * 1024
export const READ_CACHE_VALUE_BYTES = 64 * 1024
/** Names of one answer: whoever has more asks for them in pages. */
export const MAX_LISTED_NAMES = 200_000
/** The same of keys with what is known of each: every one of them is opened. */
export const MAX_DETAILED_NAMES = 10_000

/** An export of transcripts that is verified in one piece: some 100,000 ceremonies. */
export const MAX_EXPORT_BYTES = 256 * 1024 * 1024

/** Ceremonies of one page: each takes three reads. */
export const MAX_CEREMONY_PAGE = 100

/** Retired key sets that the custody record remembers, and how many public keys of them in all. */
export const MAX_RETIRED_SETS = 16
export const MAX_RETIRED_KEYS = 2048
/** Look-ups of retired sets a second, for the whole server. The live set is never throttled. */
export const RETIRED_LOOKUPS_PER_SECOND = 50

/** One person's OpenPGP key in base64, line breaks counted; RSA with 4096 bits and one name has 3,060. */
export const MAX_RECIPIENT_KEY_CHARACTERS = 64 * 1024
/** Packets of one such key: each may be a signature that has to be verified. */
export const MAX_RECIPIENT_KEY_PACKETS = 128
/** Secrets waiting to be wrapped: every share of a deal, and a root token. */
export const MAX_WRAPS_WAITING = MAX_SHARES + 1

/** 32 days: how long what ends lives, and may live, where nobody says anything, as the peers have it. */
export const LEASE_TTL_S = 2_764_800
/** What an operator may set these to. */
export const MIN_LEASE_TTL_MS = 1000
export const MAX_LEASE_TTL_MS = 100 * 365 * 24 * 60 * 60 * 1000
/** Leases, and tokens, that end by themselves within a second: a clock that jumps makes no storm. */
export const EXPIRIES_PER_SECOND = 200
/** The longest sleep of those that wait for an end: a clock that jumps is noticed within this time. */
export const EXPIRY_LOOK_MS = 60_000
/** Secrets that are being ended at once, and how long an engine may take for one. */
export const MAX_REVOCATIONS_AT_ONCE = 16
export const REVOCATION_ANSWER_MS = 30_000
/** How often ending a secret is tried again, from 10 s on, twice as late each time; then once a day. */
export const REVOCATION_RETRIES = 6
export const REVOCATION_RETRY_MS = 10_000
export const IRREVOCABLE_RETRY_MS = 24 * 60 * 60 * 1000
/** Of an engine's reason, in characters. */
export const MAX_REVOCATION_ERROR = 500
/** Irrevocable leases of one answer, unless all are asked for. */
export const MAX_IRREVOCABLE_SHOWN = 10_000

/** Lines of refused requests that the log takes; what is beyond is counted. */
export const REFUSAL_LINES_PER_SECOND = 50

/** A token as it is sent; the longest are batch tokens, which carry what is known of them. */
export const MAX_TOKEN_BYTES = 4096
/** What is stored of a token, which is read at every request of it: its policies, its meta, its name. */
export const MAX_TOKEN_ENTRY_BYTES = 65_536
/** Tokens that stand above one: each is looked at when it is used, unless none of them ends by itself. */
export const MAX_TOKEN_GENERATIONS = 100
/** Writes of one commit when tokens end: a tree of any size ends in commits of about this many. */
export const REVOCATION_COMMIT_WRITES = 1000
/** Tokens that are changed or ended beside each other, each in a commit of its own. */
export const TOKENS_AT_ONCE = 64
/** The suffix that a role puts behind the path of its tokens, and a role's name, in characters. */
export const MAX_ROLE_TEXT = 200
/** What is stored of a role, which is read whenever a token of it is made or renewed. */
export const MAX_ROLE_BYTES = 262_144

export const MAX_BODY_BYTES = 32 * 1024 * 1024
export const MAX_UNAUTHENTICATED_BODY_BYTES = 64 * 1024
/**
 * The bodies of all requests under way together, and what of it no large body may take. Answers above
 * `MAX_UNAUTHENTICATED_BODY_BYTES` have as much.
 */
export const MAX_BODIES_BYTES = 128 * 1024 * 1024
export const SMALL_BODIES_BYTES = 32 * 1024 * 1024
/** Where the keys of people come along: 255 of RSA-4096 have 780 kB in base64. */
export const MAX_RECIPIENTS_BODY_BYTES = 1024 * 1024
/** Of one answer of `sys/tools/random`. */
export const MAX_RANDOM_BYTES = 131_072
export const MAX_JSON_STRINGS = 1000
export const MAX_JSON_DEPTH = 500
export const MAX_PATH_BYTES = 4096
/** The path of a mount, in UTF-16 units; what lies below it has the rest. */
export const MAX_MOUNT_PATH_UNITS = 512
/** Mounts of a store: the table is one entry, which each change writes anew. */
export const MAX_MOUNTS = 10_000
/** What the table, which every change of a mount writes anew, keeps of one of them. */
export const MAX_MOUNT_ENTRY_BYTES = 65_536
/** Mounts that the API document describes each by itself; with more of them, one of each kind. */
export const MAX_MOUNTS_DESCRIBED = 100
/** Moves of mounts that are remembered until the server seals. */
export const MAX_MOUNT_MOVES = 256
/** Who follows the log at once, and lines that wait for one of them. */
export const MAX_LOG_FOLLOWERS = 16
export const MAX_LOG_LINES_WAITING = 1000
/** Rate limits of a store, and sources that each counts apart; those of all further ones together. */
export const MAX_QUOTAS = 1000
export const MAX_QUOTA_CLIENTS = 10_000
/** What a mount stored is removed in commits of this many keys. */
export const MAX_WIPED_KEYS = 1000

/** The request line and all header lines of a request, in bytes, and how many lines. */
export const MAX_HEAD_BYTES = 16 * 1024
export const MAX_HEADER_LINES = 128
/** Until the head of a request has come, its first byte included. */
export const HEAD_TIMEOUT_MS = 10_000
/** Until a request has come whole, its head included. */
export const REQUEST_TIMEOUT_MS = 30_000
/** Between two requests on one connection. */
export const IDLE_TIMEOUT_MS = 5 * 60 * 1000
/** Without a byte either way while an answer is made, or waits to be taken. */
export const STALL_TIMEOUT_MS = 90_000
/** Until the peer has taken all of a large answer, and a second more for each of so many bytes. */
export const ANSWER_TIMEOUT_MS = 60_000
export const ANSWER_BYTES_PER_SECOND = 128 * 1024
/** What an operator may set these to. */
export const MIN_TIMEOUT_MS = 1000
export const MAX_HEAD_TIMEOUT_MS = 60_000
export const MAX_REQUEST_TIMEOUT_MS = 10 * 60 * 1000
export const MAX_IDLE_TIMEOUT_MS = 60 * 60 * 1000
export const MAX_STALL_TIMEOUT_MS = 10 * 60 * 1000
/** Connections that a listener holds at once: one more is closed before anything is read. */
export const MAX_CONNECTIONS = 4096
/** One source may have the `CONNECTIONS_A_SOURCE_DIVISOR`th of them, where nothing else is configured. */
export const CONNECTIONS_A_SOURCE_DIVISOR = 16
/** What an operator may set these two to. */
export const MAX_CONNECTIONS_SET = 65_536
/** Requests on one connection: the last one's answer ends it. */
export const MAX_REQUESTS_PER_CONNECTION = 100_000
/** Requests of a connection that wait for the answer to an earlier one: one more ends it. */
export const MAX_PIPELINED_REQUESTS = 64
/** How long a peer whose bytes were no request, or were not all read, may take to end the connection. */
export const REFUSED_LINGER_MS = 2000

/** Of a Unix socket: `sun_path` of unix(7), less its final zero. */
export const MAX_SOCKET_PATH_BYTES = 107
/** A PEM file of certificates or a key. */
export const MAX_PEM_BYTES = 1024 * 1024
/** A certificate that is good for less is told in the log. */
export const CERTIFICATE_WARNING_MS = 30 * 24 * 60 * 60 * 1000
/** How long one of our own making is good: the most that Apple's systems take. */
export const SELF_SIGNED_DAYS = 825

/** A configuration file or a policy, in UTF-16 units: never more than the bytes of its UTF-8. */
export const MAX_HCL_UNITS = 1024 * 1024
/** Lists and objects within each other. */
export const MAX_HCL_DEPTH = 64
/** The name of a policy, in characters. */
export const MAX_POLICY_NAME = 512
/** Policies that are kept read, and sets of them that are kept compiled; the longest unused goes first. */
export const MAX_CACHED_POLICIES = 1024
export const MAX_CACHED_ACLS = 1024
/** What a password policy may ask: characters of a password, rules, characters of a charset. */
export const MIN_PASSWORD_LENGTH = 4
export const MAX_PASSWORD_LENGTH = 256
export const MAX_PASSWORD_RULES = 32
export const MAX_CHARSET = 1024
/** Files that a folder of configuration may have. */
export const MAX_CONFIG_FILES = 64
export const MAX_SERVER_NAMES = 64

export const CEREMONY_EXPIRY_MS = 24 * 60 * 60 * 1000
/** What a rekey has on top of that once it has dealt: new shares travel to people, and back. */
export const DEALT_EXPIRY_MS = 7 * 24 * 60 * 60 * 1000
export const CEREMONY_UNJOINED_EXPIRY_MS = 60 * 60 * 1000
/** What an operator may set these three to. */
export const MIN_EXPIRY_MS = 1000
export const MAX_EXPIRY_MS = 365 * 24 * 60 * 60 * 1000
/** How long an answer with new shares, and the unseal key behind it, wait for evidence of arrival. */
export const ANSWER_KEPT_MS = 5 * 60 * 1000
/** How long a seal waits for the commit that cancels running ceremonies. */
export const SEAL_COMMIT_MS = 2000
/** How long a connection that carried new shares waits for the peer's orderly end. */
export const DELIVERY_LINGER_MS = 5000
/** Ceremonies that one holder may open within a day: holders are people, and each opening is an event. */
export const MAX_OPENINGS_PER_HOLDER = 3
export const OPENINGS_COUNTED_MS = 24 * 60 * 60 * 1000

/** The journal of ceremonies is reserved beforehand, in lines of one disk sector each. */
export const JOURNAL_BYTES = 1024 * 1024
export const JOURNAL_LINE_BYTES = 512
/** The longest source or ceremony id that a line takes, in characters. */
export const JOURNAL_TEXT_MAX = 64
/** Sources whose refusals are counted apart; those of all further ones are counted together. */
export const JOURNAL_SOURCES_MAX = 256
/** How long refusals are counted until they become a line: doubled while they go on, up to the maximum. */
export const JOURNAL_WINDOW_MS = 60 * 1000
export const JOURNAL_WINDOW_MAX_MS = 60 * 60 * 1000
/** A line outlives a power cut after this time; it outlives the process at once. */
export const JOURNAL_SYNC_MS = 1000
/** Entries in one answer of `sys/custody/journal` when no `limit` is given. */
export const JOURNAL_PAGE_DEFAULT = 100

/** Names in one step of counting tokens and leases: a millisecond or two, for which all else waits. */
export const COUNT_PAGE = 250
/** What is counted of each; there may be more. */
export const MAX_COUNTED = 1_000_000
/** How long an answer of `sys/metrics` waits for a count; it then has the one of before. */
export const COUNT_WAIT_MS = 1000
/** How old a count of tokens and leases may be, and what an operator may set. */
export const USAGE_PERIOD_MS = 10 * 60 * 1000
export const MIN_USAGE_PERIOD_MS = 10 * 1000
export const MAX_USAGE_PERIOD_MS = 365 * 24 * 60 * 60 * 1000

/** Metrics that are kept, each about 2 KiB; routes of further mounts are counted together. */
export const MAX_METRIC_SERIES = 512

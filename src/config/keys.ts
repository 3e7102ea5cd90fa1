/**
 * What is done with a key: read; accepted without an effect, and why; or refused, because ignoring it would
 * take away a safety that the operator relies on.
 */
export type KeyRule = 'read' | { readonly ignored: string } | { readonly refused: string }

export type KeyTable = ReadonlyMap<string, KeyRule>

/** The keys of surface.md section 13.2, and our own. Why: docs/decisions/0010-config-keys.md. */
export const TOP_KEYS: KeyTable = table({
  read: [
    ...['storage', 'backend', 'listener', 'seal', 'log_level', 'log_format', 'cluster_name', 'pid_file'],
    ...['init_secret_file', 'ceremony_expiry', 'dealt_expiry', 'unjoined_expiry'],
    ...['default_lease_ttl', 'max_lease_ttl', 'telemetry'],
  ],
  ignored: [
    ['this server is alone and redirects nobody', 'api_addr', 'cluster_addr', 'disable_clustering'],
    ['this server is alone', 'disable_standby_reads', 'disable_performance_standby', 'cluster_cipher_suites'],
    ['holders agree by giving their shares in this version', 'consents'],
    ['only numbers of shares are told in this version', 'custody_disclose'],
    ['this version has no pages', 'ui'],
    ['memory is never locked; keep swap off or encrypted', 'disable_mlock'],
    ['leases are not counted by role', 'imprecise_lease_role_tracking'],
    ['an answer has no time limit but that of its listener', 'default_max_request_duration'],
    [
      'the log goes to standard error',
      'log_file',
      'log_rotate_duration',
      'log_rotate_bytes',
      'log_rotate_max_files',
    ],
    ['requests are logged at the level "debug"', 'log_requests_level'],
    ['what was read last is kept as it is stored, sealed, up to 16 MiB', 'cache_size', 'disable_cache'],
    ['there is no such endpoint', 'raw_storage_endpoint', 'introspection_endpoint'],
    [
      'there are no plugins',
      ...['plugin', 'plugin_directory', 'plugin_file_uid', 'plugin_file_permissions'],
      ...['plugin_auto_download', 'plugin_auto_register', 'plugin_download_behavior'],
    ],
    ['this header is not sent', 'enable_response_header_hostname', 'enable_response_header_raft_node_id'],
    ['such paths are refused always', 'disable_printable_check', 'unsafe_relative_paths'],
    ['there are no audit devices', 'unsafe_allow_api_audit_creation', 'allow_audit_log_prefixing'],
    ['there are no namespaces', 'unsafe_cross_namespace_identity'],
    ['there are no workflows', 'allow_unauthenticated_workflows'],
    ['there is no login by a password', 'user_lockout'],
    ['nobody is told of this server', 'service_registration'],
    [
      'it means nothing here',
      ...[
        'detect_deadlocks',
        'disable_sealwrap',
        'disable_indexing',
        'disable_sentinel_trace',
        'license_path',
      ],
    ],
  ],
  refused: [
    [
      'asks for an audit device, which this version does not have: requests would go unrecorded. ' +
        'Take it away to run without',
      'audit',
    ],
    [
      'asks for an initialisation, which this version does not do by itself: the store would stay empty, ' +
        'for anyone who reaches it to initialise. Take it away and use "conclave operator init"',
      'initialize',
    ],
    [
      'asks for high availability, which this version does not have: two servers would be two stores. ' +
        'Take it away',
      'ha_storage',
      'ha_backend',
    ],
  ],
})

/** Keys that may stand once in all files together (surface.md section 13.1). */
export const SINGLETONS: readonly (readonly string[])[] = [
  ['storage', 'backend'],
  ['ha_storage', 'ha_backend'],
  ['service_registration'],
  ['telemetry'],
]

/** What a listener may say wherever it listens. */
const EVERYWHERE: Required<Pick<Rules, 'read' | 'ignored' | 'refused'>> = {
  read: [
    ...['address', 'max_request_size', 'ceremony_access', 'retire_on', 'server_names'],
    ...['disable_unauthed_rekey_endpoints', 'disable_unauthed_generate_root_endpoints'],
    ...['http_idle_timeout', 'http_read_header_timeout', 'http_read_timeout', 'http_write_timeout'],
    ...['max_connections', 'telemetry'],
  ],
  ignored: [
    ['this server is alone', 'cluster_address'],
    ['an answer has no time limit of its own but "http_write_timeout"', 'max_request_duration'],
    ['the limits of JSON are fixed', 'max_request_json_memory', 'max_request_json_strings'],
    ['only an agent or a proxy of the peers looks at that header', 'require_request_header'],
    ['no header but those of the API is sent', 'custom_response_headers'],
    ['there is no such endpoint', 'profiling', 'inflight_requests_logging'],
    [
      'no other origin is allowed',
      ...['cors_enabled', 'cors_allowed_origins', 'cors_allowed_headers', 'cors_allow_credentials'],
    ],
  ],
  refused: [
    [
      'asks for client addresses as a proxy tells them, which this version does not read. Take it away',
      ...['proxy_protocol_behavior', 'proxy_protocol_authorized_addrs', 'x_forwarded_for_authorized_addrs'],
      ...['x_forwarded_for_hop_skips', 'x_forwarded_for_reject_not_present'],
      ...['x_forwarded_for_reject_not_authorized', 'x_forwarded_for_client_cert_header'],
      ...['x_forwarded_for_client_cert_decoders', 'x_forwarded_for_client_cert_keep_unauthorized'],
      ...['x_forwarded_for_client_cert_keep_not_forwarded'],
    ],
  ],
}

/** `tls_disable` is read on both. */
const TLS_KEYS = [
  ...['tls_cert_file', 'tls_key_file', 'tls_min_version', 'tls_max_version', 'tls_client_ca_file'],
  ...['tls_require_and_verify_client_cert', 'tls_disable_client_certs'],
]

/** The keys of a `listener "tcp"` (surface.md section 13.3), and our own. */
export const LISTENER_KEYS: KeyTable = table({
  read: [...EVERYWHERE.read, 'tls_disable', 'max_connections_per_source', ...TLS_KEYS],
  ignored: [
    ...EVERYWHERE.ignored,
    [
      'certificates come from files',
      ...['tls_acme_cache_path', 'tls_acme_ca_directory', 'tls_acme_test_ca_directory', 'tls_acme_ca_root'],
      ...['tls_acme_eab_key_id', 'tls_acme_eab_mac_key', 'tls_acme_key_type', 'tls_acme_email'],
      ...['tls_acme_domains', 'tls_acme_disable_http_challenge', 'tls_acme_disable_alpn_challenge'],
    ],
  ],
  refused: [
    ...EVERYWHERE.refused,
    [
      'asks for a choice of ciphers, which this version does not make: Node.js has its own. Take it away',
      'tls_cipher_suites',
    ],
  ],
})

/** The keys of a `listener "unix"`. */
export const UNIX_LISTENER_KEYS: KeyTable = table({
  read: [...EVERYWHERE.read, 'tls_disable', 'socket_mode', 'socket_user', 'socket_group'],
  ignored: EVERYWHERE.ignored,
  refused: [
    ...EVERYWHERE.refused,
    ['asks for TLS, which a Unix socket does without: its file says who connects. Take it away', ...TLS_KEYS],
  ],
})

/** The keys of `telemetry` (surface.md section 13.5). */
export const TELEMETRY_KEYS: KeyTable = table({
  read: ['prometheus_retention_time', 'metrics_prefix', 'usage_gauge_period', 'disable_hostname'],
  ignored: [
    ['no metric has the name of the host in it', 'enable_hostname_label'],
    ['every metric is told', 'filter_default', 'prefix_filter'],
    [
      'what it is about is not measured',
      ...['maximum_gauge_cardinality', 'lease_metrics_epsilon', 'num_lease_metrics_buckets'],
      'add_lease_metrics_namespace_labels',
    ],
    [
      'metrics are read, and sent nowhere',
      ...['statsd_address', 'statsite_address', 'dogstatsd_addr', 'dogstatsd_tags'],
      ...['circonus_api_token', 'circonus_api_app', 'circonus_api_url', 'circonus_submission_interval'],
      ...['circonus_submission_url', 'circonus_check_id', 'circonus_check_force_metric_activation'],
      ...['circonus_check_instance_id', 'circonus_check_search_tag', 'circonus_check_display_name'],
      ...['circonus_check_tags', 'circonus_broker_id', 'circonus_broker_select_tag'],
      ...['stackdriver_project_id', 'stackdriver_location', 'stackdriver_namespace'],
      'stackdriver_debug_logs',
    ],
  ],
})

/** The keys of `telemetry` in a listener (surface.md section 13.3). */
export const LISTENER_TELEMETRY_KEYS: KeyTable = table({
  read: ['unauthenticated_metrics_access', 'disallow_metrics', 'metrics_only', 'metrics_path'],
})

export const STORAGE_KEYS: KeyTable = table({ read: ['path'] })

export const NO_KEYS: KeyTable = table({})

interface Rules {
  readonly read?: readonly string[]
  /** Each a reason and the keys that it stands for. */
  readonly ignored?: readonly (readonly [reason: string, ...keys: string[]])[]
  readonly refused?: readonly (readonly [reason: string, ...keys: string[]])[]
}

function table({ read = [], ignored = [], refused = [] }: Rules): KeyTable {
  const rules: [string, KeyRule][] = [
    ...read.map((key): [string, KeyRule] => [key, 'read']),
    ...ignored.flatMap(([reason, ...keys]) =>
      keys.map((key): [string, KeyRule] => [key, { ignored: reason }]),
    ),
    ...refused.flatMap(([reason, ...keys]) =>
      keys.map((key): [string, KeyRule] => [key, { refused: reason }]),
    ),
  ]
  return new Map(rules)
}

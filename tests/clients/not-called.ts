/** Methods of one client that are not called, with the reason. */
export interface NotCalled {
  readonly why: string
  readonly methods: readonly string[]
}

const AUDIT = 'Audit devices (section 8) are not here yet.'
const RAFT = 'Storage of its own with Raft is not here.'
const NAMESPACES = 'Namespaces besides the root are not here yet (rank S).'
const ENTERPRISE = 'Only Vault Enterprise has it; OpenBao answers 404.'
const AUTO_UNSEAL = 'Recovery keys belong to auto-unseal, which is not here yet.'
const PLUGINS = 'Only what is built in runs here: no plugin is registered or loaded again.'
const OWN = 'Sends nothing: it is the client’s own housekeeping.'

/** By client. A method that is neither called nor named here fails the run. */
export const NOT_CALLED: Readonly<Record<string, readonly NotCalled[]>> = {
  'node-vault': [
    {
      why: 'Other ways to log in (section 9) are not here yet.',
      methods: [
        ...['addApproleRole', 'approleLogin', 'approleRoles', 'approleSecretAccessorDestroy'],
        ...['approleSecretAccessorLookup', 'approleSecretAccessors', 'approleSecretDestroy'],
        ...['approleSecretLookup', 'deleteApproleRole', 'getApproleRole', 'getApproleRoleId'],
        ...['getApproleRoleSecret', 'updateApproleRoleId', 'addKubernetesRole', 'deleteKubernetesRole'],
        ...['getKubernetesRole', 'kubernetesLogin', 'userpassLogin', 'ldapLogin', 'radiusLogin'],
        ...['certLogin', 'jwtLogin'],
      ],
    },
    {
      why: 'OpenBao has none of these ways to log in any more.',
      methods: ['awsIamLogin', 'gcpLogin', 'githubLogin', 'oktaLogin'],
    },
    {
      why: 'Other engines (section 11) are not here yet.',
      methods: [
        ...['decryptData', 'encryptData', 'rewrapData', 'transitCreateKey', 'transitDeleteKey'],
        ...['transitListKeys', 'transitReadKey', 'generateDatabaseCredentials'],
      ],
    },
    { why: AUDIT, methods: ['audits', 'disableAudit', 'enableAudit'] },
    {
      why: 'No engine here gives a lease that can be renewed yet.',
      methods: ['startLeaseRenewal', 'stopLeaseRenewal'],
    },
    {
      why: OWN,
      methods: ['generateFunction', 'handleVaultResponse', 'request', 'stopAllRenewals'],
    },
  ],
  hvac: [
    {
      why: AUDIT,
      methods: [
        'calculate_hash',
        'disable_audit_device',
        'enable_audit_device',
        'list_enabled_audit_devices',
      ],
    },
    { why: NAMESPACES, methods: ['create_namespace', 'delete_namespace', 'list_namespaces'] },
    {
      why: ENTERPRISE,
      methods: [
        ...['create_or_update_egp_policy', 'create_or_update_rgp_policy', 'delete_egp_policy'],
        ...['delete_rgp_policy', 'list_egp_policies', 'list_rgp_policies', 'read_egp_policy'],
        ...['read_rgp_policy', 'create_or_update_raft_auto_snapshot_config'],
        ...['delete_raft_auto_snapshot_config', 'list_raft_auto_snapshot_configs'],
        ...['read_raft_auto_snapshot_config', 'read_raft_auto_snapshot_status'],
      ],
    },
    {
      why: RAFT,
      methods: [
        ...['force_restore_raft_snapshot', 'join_raft_cluster', 'read_raft_config', 'remove_raft_node'],
        ...['restore_raft_snapshot', 'take_raft_snapshot'],
      ],
    },
    { why: OWN, methods: ['get_private_attr_name'] },
  ],
  bao: [
    { why: AUDIT, methods: ['audit disable', 'audit enable', 'audit list'] },
    { why: 'Other ways to log in (section 9) are not here yet.', methods: ['auth help', 'auth move'] },
    {
      why: 'Other engines (section 11) are not here yet.',
      methods: [
        ...[
          'pki health-check',
          'pki issue',
          'pki list-intermediates',
          'pki reissue',
          'pki verify-sign',
          'ssh',
        ],
        ...['transit import', 'transit import-version'],
      ],
    },
    {
      why: RAFT,
      methods: [
        ...[
          'operator raft demote',
          'operator raft join',
          'operator raft list-peers',
          'operator raft promote',
        ],
        ...['operator raft remove-peer', 'operator raft snapshot restore', 'operator raft snapshot save'],
      ],
    },
    {
      why: PLUGINS,
      methods: ['plugin deregister', 'plugin register', 'plugin reload', 'plugin reload-status'],
    },
    {
      why: 'Asks no server.',
      methods: [
        ...['agent generate-config', 'operator diagnose', 'operator migrate', 'operator validate-config'],
        ...['plugin init', 'policy fmt', 'server'],
      ],
    },
    { why: 'Not of rank M.', methods: ['debug', 'monitor', 'proxy'] },
    {
      why: NAMESPACES,
      methods: [
        ...['namespace create', 'namespace delete', 'namespace delete-sealed', 'namespace list'],
        ...['namespace lock', 'namespace lookup', 'namespace patch', 'namespace scan', 'namespace seal'],
        ...['namespace seal-status', 'namespace unlock', 'namespace unseal'],
      ],
    },
  ],
  'github.com/openbao/openbao/api/v2': [
    {
      why: AUDIT,
      methods: [
        ...['Sys.AuditHash', 'Sys.DisableAudit', 'Sys.EnableAudit', 'Sys.EnableAuditWithOptions'],
        'Sys.ListAudit',
      ],
    },
    {
      why: NAMESPACES,
      methods: [
        ...['Sys.CreateNamespace', 'Sys.DeleteNamespace', 'Sys.ListNamespaces', 'Sys.NamespaceSealStatus'],
        ...['Sys.PatchNamespace', 'Sys.ReadNamespace', 'Sys.SealNamespace', 'Sys.UnsealNamespace'],
      ],
    },
    {
      why: AUTO_UNSEAL,
      methods: [
        ...['Sys.RekeyDeleteRecoveryBackup', 'Sys.RekeyRecoveryKeyCancel', 'Sys.RekeyRecoveryKeyInit'],
        ...[
          'Sys.RekeyRecoveryKeyStatus',
          'Sys.RekeyRecoveryKeyUpdate',
          'Sys.RekeyRecoveryKeyVerificationCancel',
        ],
        ...['Sys.RekeyRecoveryKeyVerificationStatus', 'Sys.RekeyRecoveryKeyVerificationUpdate'],
        ...['Sys.RekeyRetrieveRecoveryBackup', 'Sys.RotateRecoveryCancel', 'Sys.RotateRecoveryDeleteBackup'],
        ...['Sys.RotateRecoveryInit', 'Sys.RotateRecoveryRetrieveBackup', 'Sys.RotateRecoveryStatus'],
        ...['Sys.RotateRecoveryUpdate', 'Sys.RotateRecoveryVerificationCancel'],
        ...['Sys.RotateRecoveryVerificationStatus', 'Sys.RotateRecoveryVerificationUpdate'],
        ...['Sys.GenerateRecoveryOperationTokenCancel', 'Sys.GenerateRecoveryOperationTokenInit'],
        ...['Sys.GenerateRecoveryOperationTokenStatus', 'Sys.GenerateRecoveryOperationTokenUpdate'],
      ],
    },
    {
      why: RAFT,
      methods: [
        ...['Sys.PutRaftAutopilotConfiguration', 'Sys.RaftAutopilotConfiguration', 'Sys.RaftAutopilotState'],
        ...['Sys.RaftJoin', 'Sys.RaftSnapshot', 'Sys.RaftSnapshotRestore'],
      ],
    },
    {
      why: PLUGINS,
      methods: ['Sys.DeregisterPlugin', 'Sys.RegisterPlugin', 'Sys.ReloadPlugin', 'Sys.ReloadPluginStatus'],
    },
    {
      why: 'Not here yet, and not of rank M.',
      methods: ['Sys.CORSStatus', 'Sys.ConfigureCORS', 'Sys.DisableCORS', 'Sys.MFAValidate', 'Sys.Monitor'],
    },
  ],
}

/** The policies that a store has without anybody having written them (surface.md section 3.5). */

/** What every token may do about itself. It stands in the store, where it can be changed. */
export const DEFAULT_POLICY_TEXT = `
# A token may ask what it is, live on as long as it may, and end itself.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}

# What it may do on a path, and in all.
path "sys/capabilities-self" {
  capabilities = ["update"]
}
path "sys/internal/ui/resultant-acl" {
  capabilities = ["read"]
}

# Why it was refused, by its own policies. Of others it takes what reading them takes.
path "sys/policies/explain" {
  capabilities = ["update"]
}

# The identity that it stands for.
path "identity/entity/id/{{identity.entity.id}}" {
  capabilities = ["read"]
}
path "identity/entity/name/{{identity.entity.name}}" {
  capabilities = ["read"]
}

# Leases whose id it knows.
path "sys/leases/renew" {
  capabilities = ["update"]
}
path "sys/leases/lookup" {
  capabilities = ["update"]
}

# Its own private storage.
path "cubbyhole/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

# To wrap an answer, to ask about a wrapped one, and to take it out.
path "sys/wrapping/wrap" {
  capabilities = ["update"]
}
path "sys/wrapping/lookup" {
  capabilities = ["update"]
}
path "sys/wrapping/unwrap" {
  capabilities = ["update"]
}

# Hashes.
path "sys/tools/hash" {
  capabilities = ["update"]
}
path "sys/tools/hash/*" {
  capabilities = ["update"]
}

# To log in to others by OpenID Connect.
path "identity/oidc/provider/+/authorize" {
  capabilities = ["read", "update"]
}
`

/** What a wrapping token may do, and all it may do. It stands in no store. */
export const WRAPPING_POLICY_TEXT = `
path "cubbyhole/response" {
  capabilities = ["create", "read"]
}
path "sys/wrapping/unwrap" {
  capabilities = ["update"]
}
`

"""Tokens, their roles, policies and capabilities."""

from hvac import exceptions

from report import check, refused, same

READER = 'path "kv2/data/app/*" { capabilities = ["read"] }\npath "kv2/metadata/*" { capabilities = ["list"] }'


def policies(client):
    sys = client.sys
    with check("create_or_update_acl_policy", "takes a policy in HCL"):
        same(sys.create_or_update_acl_policy("reader", READER).status_code, 204)
    with check("create_or_update_acl_policy", "takes one as JSON"):
        as_dict = {"path": {"kv2/data/app/*": {"capabilities": ["create", "update", "read"]}}}
        same(sys.create_or_update_acl_policy("writer", as_dict).status_code, 204)
    with check("create_or_update_acl_policy", "refuses what is no policy"):
        with refused(exceptions.InvalidRequest, "invalid capability"):
            sys.create_or_update_acl_policy("bad", 'path "x" { capabilities = ["fly"] }')
    with check("read_acl_policy", "gives it back as it was written"):
        same(sys.read_acl_policy("reader")["data"]["policy"], READER)
    with check("read_acl_policy", "does not find one that is not there"):
        with refused(exceptions.InvalidPath):
            sys.read_acl_policy("nobody")
    with check("list_acl_policies", "has them beside default and root"):
        same(sys.list_acl_policies()["data"]["keys"], ["default", "reader", "writer", "root"])
    with check("delete_acl_policy", "removes one"):
        same(sys.delete_acl_policy("writer").status_code, 204)
    with check("delete_acl_policy", "never removes root"):
        with refused(exceptions.InvalidRequest, 'cannot delete "root" policy'):
            sys.delete_acl_policy("root")

    with check("create_or_update_policy", "takes one in the old form"):
        same(sys.create_or_update_policy("old", READER).status_code, 204)
    with check("read_policy", "has the rules"):
        read = sys.read_policy("old")
        same((read["data"]["rules"], read["rules"]), (READER, READER))
    with check("list_policies", "has keys and policies, and both on top"):
        listed = sys.list_policies()
        same(listed["policies"], listed["data"]["keys"])
        same("old" in listed["data"]["policies"], True)
    with check("Client.get_policy", "is the text alone"):
        same(client.get_policy("old"), READER)
        same(client.get_policy("nobody"), None)
    with check("delete_policy", "removes one"):
        same(sys.delete_policy("old").status_code, 204)


def create(client):
    token = client.auth.token
    made = {}
    with check("token.create", "makes a service token with what was asked for"):
        made = token.create(
            policies=["reader"], ttl="1h", meta={"team": "a"}, display_name="web 1", num_uses=9
        )["auth"]
        same(made["policies"], ["default", "reader"])
        same((made["lease_duration"], made["renewable"], made["num_uses"]), (3600, True, 9))
        same((made["token_type"], made["orphan"], made["metadata"]), ("service", False, {"team": "a"}))
    with check("token.create", "makes a batch token, which has no accessor"):
        batch = token.create(type="batch", policies=["reader"], ttl="1h")["auth"]
        same((batch["token_type"], batch["accessor"], batch["renewable"]), ("batch", "", False))
    with check("token.create", "makes a periodic token"):
        same(token.create(period="30m")["auth"]["lease_duration"], 1800)
    with check("token.create", "wraps the token"):
        wrapped = token.create(policies=["reader"], wrap_ttl="60s")
        same((wrapped["auth"], wrapped["wrap_info"]["creation_path"]), (None, "auth/token/create"))
        same(client.sys.unwrap(wrapped["wrap_info"]["token"])["auth"]["policies"], ["default", "reader"])
    with check("token.create", "refuses a lifetime that is none"):
        with refused(exceptions.InvalidRequest, "invalid duration"):
            token.create(ttl="abc")
    with check("token.create_orphan", "makes one without a parent"):
        same(token.create_orphan(policies=["reader"])["auth"]["orphan"], True)
    return made


def lookup_and_renew(client, made):
    token = client.auth.token
    with check("token.lookup", "has all that is known of it"):
        data = token.lookup(made["client_token"])["data"]
        same((data["id"], data["accessor"]), (made["client_token"], made["accessor"]))
        same((data["display_name"], data["path"]), ("token-web-1", "auth/token/create"))
        same((data["creation_ttl"], data["explicit_max_ttl"], data["meta"]), (3600, 0, {"team": "a"}))
    with check("token.lookup", "does not know a token of nobody"):
        with refused(exceptions.Forbidden, "bad token"):
            token.lookup("hvs.nobody")
    with check("token.lookup_accessor", "hides the token"):
        same(token.lookup_accessor(made["accessor"])["data"]["id"], "")
    with check("token.lookup_accessor", "does not know an accessor of nobody"):
        with refused(exceptions.InvalidRequest, "invalid accessor"):
            token.lookup_accessor("nobody")
    with check("token.lookup_self", "is the root token, which never ends"):
        data = token.lookup_self()["data"]
        same((data["policies"], data["ttl"], data["expire_time"]), (["root"], 0, None))
    with check("token.list_accessors", "has its accessor"):
        same(made["accessor"] in token.list_accessors()["data"]["keys"], True)
    with check("token.renew", "makes it shorter where less is asked for"):
        same(token.renew(made["client_token"], increment="10m")["auth"]["lease_duration"], 600)
    with check("token.renew_accessor", "does not tell the token"):
        auth = token.renew_accessor(made["accessor"], increment=1200)["auth"]
        same((auth["client_token"], auth["lease_duration"]), ("", 1200))
    with check("token.renew_self", "is refused for a token that never ends"):
        with refused(exceptions.InvalidRequest, "lease is not renewable"):
            token.renew_self()
    with check("Client.renew_token", "renews it"):
        same(client.renew_token(made["client_token"], increment=900)["auth"]["lease_duration"], 900)
    with check("Client.lookup_token", "looks up this one, another, and by accessor"):
        same(client.lookup_token()["data"]["policies"], ["root"])
        same(client.lookup_token(made["client_token"])["data"]["accessor"], made["accessor"])
        same(client.lookup_token(made["accessor"], accessor=True)["data"]["id"], "")


def with_a_token(client, other, made):
    """`other` is a second client, which this gives the token that was made."""
    with check("Client.is_authenticated", "is true with the token"):
        other.token = made["client_token"]
        same(other.is_authenticated(), True)
    with check("token.renew_self", "renews the caller"):
        same(other.auth.token.renew_self(increment="20m")["auth"]["lease_duration"], 1200)
    with check("get_capabilities", "tells what the caller may"):
        data = other.sys.get_capabilities(["kv2/data/app/x", "kv2/data/other"])["data"]
        same((data["kv2/data/app/x"], data["kv2/data/other"]), (["read"], ["deny"]))
    with check("get_capabilities", "tells it of another token, by token and by accessor"):
        for who in ({"token": made["client_token"]}, {"accessor": made["accessor"]}):
            answer = client.sys.get_capabilities(["kv2/data/app/x"], **who)
            same((answer["data"]["capabilities"], answer["capabilities"]), (["read"], ["read"]))
    with check("list_mounted_secrets_engines", "is refused to a token that may not"):
        with refused(exceptions.Forbidden, "permission denied"):
            other.sys.list_mounted_secrets_engines()


def revoke(client, other):
    token = client.auth.token
    fresh = lambda: token.create(policies=["reader"], ttl="1h")["auth"]  # noqa: E731
    alive = lambda auth: is_alive(client, auth)  # noqa: E731
    with check("token.revoke", "ends it and its children"):
        parent = token.create(ttl="1h")["auth"]
        other.token = parent["client_token"]
        child = other.auth.token.create(policies=["default"], ttl="1h")["auth"]
        same(token.revoke(parent["client_token"]).status_code, 204)
        same((alive(parent), alive(child)), (False, False))
    with check("token.revoke_and_orphan_children", "leaves the children"):
        parent = token.create(ttl="1h")["auth"]
        other.token = parent["client_token"]
        child = other.auth.token.create(policies=["default"], ttl="1h")["auth"]
        same(token.revoke_and_orphan_children(parent["client_token"]).status_code, 204)
        same((alive(parent), alive(child)), (False, True))
    with check("token.revoke_accessor", "ends it"):
        made = fresh()
        same(token.revoke_accessor(made["accessor"]).status_code, 204)
        same(alive(made), False)
    with check("token.revoke_self", "ends the caller"):
        made = fresh()
        other.token = made["client_token"]
        same(other.auth.token.revoke_self().status_code, 204)
        same(other.is_authenticated(), False)
    with check("Client.revoke_token", "ends it: by token, by accessor, alone"):
        by_token, by_accessor, alone = fresh(), fresh(), fresh()
        client.revoke_token(by_token["client_token"])
        client.revoke_token(by_accessor["accessor"], accessor=True)
        client.revoke_token(alone["client_token"], orphan=True)
        same([alive(one) for one in (by_token, by_accessor, alone)], [False, False, False])
    with check("Client.logout", "revokes the token where it is asked to"):
        made = fresh()
        other.token = made["client_token"]
        other.logout(revoke_token=True)
        same((other.token, alive(made)), (None, False))


def is_alive(client, auth):
    try:
        client.auth.token.lookup(auth["client_token"])
    except exceptions.Forbidden:
        return False
    return True


def roles(client):
    token = client.auth.token
    with check("token.create_or_update_role", "takes a role"):
        answer = token.create_or_update_role(
            "ci", allowed_policies=["reader"], orphan=True, path_suffix="builds", token_period="30m"
        )
        same(answer.status_code, 204)
    with check("token.read_role", "gives it back"):
        data = token.read_role("ci")["data"]
        same((data["allowed_policies"], data["orphan"], data["path_suffix"]), (["reader"], True, "builds"))
        same((data["token_period"], data["renewable"], data["name"]), (1800, True, "ci"))
    with check("token.list_roles", "has it"):
        same(token.list_roles()["data"]["keys"], ["ci"])
    with check("token.create", "makes a token of the role"):
        made = token.create(role_name="ci")["auth"]
        same((made["orphan"], made["lease_duration"]), (True, 1800))
        same(token.lookup(made["client_token"])["data"]["role"], "ci")
    with check("token.create", "refuses a policy that the role does not allow"):
        with refused(exceptions.InvalidRequest, "subset of the role's allowed policies"):
            token.create(role_name="ci", policies=["writer"])
    with check("token.delete_role", "removes it"):
        same(token.delete_role("ci").status_code, 204)
    with check("token.read_role", "does not find it again"):
        with refused(exceptions.InvalidPath):
            token.read_role("ci")
    with check("token.tidy", "is begun"):
        same(token.tidy().status_code, 202)


def run(client, other):
    policies(client)
    made = create(client)
    lookup_and_renew(client, made)
    with_a_token(client, other, made)
    revoke(client, other)
    roles(client)

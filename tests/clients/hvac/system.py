"""Wrapping, leases, quotas and the plain verbs."""

from hvac import exceptions

from report import check, refused, same


def verbs(client):
    with check("Client.write", "writes anywhere"):
        same(client.write("kv1/plain", k="v").status_code, 204)
    with check("Client.write_data", "writes members that are words of Python's"):
        same(client.write_data("kv1/folder/data", data={"path": "p", "wrap_ttl": "w"}).status_code, 204)
    with check("Client.read", "reads, and is None where nothing is"):
        same((client.read("kv1/plain")["data"], client.read("kv1/nothing")), ({"k": "v"}, None))
    with check("Client.list", "lists by a query, and is None where nothing is"):
        same((client.list("kv1")["data"]["keys"], client.list("kv1/nothing")), (["folder/", "plain"], None))
    with check("Client.delete", "deletes"):
        client.delete("kv1/plain")
        same(client.read("kv1/plain"), None)
    with check("Client.write", "keeps a cubbyhole for the token alone"):
        client.write("cubbyhole/mine", k="v")
        same(client.read("cubbyhole/mine")["data"], {"k": "v"})


def wrapping(client, other):
    sys = client.sys
    with check("wrap", "wraps what it is given"):
        info = sys.wrap({"hello": "w"}, ttl=60)["wrap_info"]
        same((info["ttl"], info["creation_path"]), (60, "sys/wrapping/wrap"))
    with check("unwrap", "gives it once"):
        same(sys.unwrap(info["token"])["data"], {"hello": "w"})
        with refused(exceptions.InvalidRequest, "wrapping token is not valid or does not exist"):
            sys.unwrap(info["token"])
    with check("unwrap", "takes the wrapping token as the caller's own"):
        other.token = sys.wrap({"a": 1})["wrap_info"]["token"]
        same(other.sys.unwrap()["data"], {"a": 1})
    with check("Client.read", "wraps an answer"):
        client.write("kv1/w", k="v")
        info = client.read("kv1/w", wrap_ttl="5m")["wrap_info"]
        same((info["creation_path"], sys.unwrap(info["token"])["data"]), ("kv1/w", {"k": "v"}))
    with check("Client.auth_cubbyhole", "logs in with a wrapped token"):
        info = client.auth.token.create(policies=["default"], ttl="1h", wrap_ttl="60s")["wrap_info"]
        other.auth_cubbyhole(info["token"])
        same(other.is_authenticated(), True)
    with check("Client.login", "takes the token out of the answer"):
        other.token = client.token
        other.login("/v1/auth/token/create", json={"policies": ["default"], "ttl": "1h"})
        same(other.lookup_token()["data"]["policies"], ["default"])


def leases(client):
    sys, token = client.sys, client.auth.token
    with check("list_leases", "has the tokens that were made"):
        made = token.create(policies=["default"], ttl="1h")["auth"]
        keys = [key for key in sys.list_leases("auth/token/create/")["data"]["keys"] if key[-1] != "/"]
        same(len(keys) > 0, True)
    with check("read_lease", "tells of one"):
        data = sys.read_lease(f"auth/token/create/{keys[0]}")["data"]
        same((data["id"], data["path"]), (f"auth/token/create/{keys[0]}", "auth/token/create"))
    with check("read_lease", "does not know one that is not there"):
        with refused(exceptions.InvalidRequest, "invalid lease"):
            sys.read_lease("nope")
    with check("renew_lease", "does not find one that is not there"):
        with refused(exceptions.InvalidRequest, "lease not found"):
            sys.renew_lease("nope")
    with check("revoke_lease", "is content where nothing is"):
        same(sys.revoke_lease("nope").status_code, 204)
    with check("revoke_prefix", "ends what stands under it"):
        role = {"role_name": "batch", "allowed_policies": ["default"], "path_suffix": "nightly"}
        token.create_or_update_role(**role)
        made = token.create(role_name="batch", ttl="1h")["auth"]
        same(sys.revoke_prefix("auth/token/create/batch/nightly").status_code, 204)
        with refused(exceptions.Forbidden, "bad token"):
            token.lookup(made["client_token"])
    with check("revoke_force", "ends it whatever the engine says"):
        same(sys.revoke_force("kv1/x").status_code, 204)


def quotas(sys):
    with check("create_or_update_quota", "takes a rate"):
        same(sys.create_or_update_quota("slow", rate=1000, path="kv1").status_code, 204)
    with check("read_quota", "gives it back"):
        data = sys.read_quota("slow")["data"]
        same((data["name"], data["rate"], data["path"], data["type"]), ("slow", 1000, "kv1/", "rate-limit"))
    with check("list_quotas", "has it"):
        same(sys.list_quotas()["data"]["keys"], ["slow"])
    with check("delete_quota", "removes it"):
        same(sys.delete_quota("slow").status_code, 204)


def run(client, other):
    verbs(client)
    wrapping(client, other)
    leases(client)
    quotas(client.sys)

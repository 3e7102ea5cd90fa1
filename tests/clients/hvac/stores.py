"""Mounts of engines and of ways to log in, and both versions of KV."""

from hvac import exceptions

from report import check, refused, same


def mounts(sys):
    with check("enable_secrets_engine", "mounts KV, with nulls in the body for what was not said"):
        same(sys.enable_secrets_engine("kv", path="kv1").status_code, 204)
    with check("enable_secrets_engine", "mounts version 2 by its options"):
        answer = sys.enable_secrets_engine(
            "kv", path="kv2", description="for apps", options={"version": "2"}, config={"max_lease_ttl": "2h"}
        )
        same(answer.status_code, 204)
    with check("enable_secrets_engine", "refuses a path that is taken"):
        with refused(exceptions.InvalidRequest, "path is already in use at kv1/"):
            sys.enable_secrets_engine("kv", path="kv1")
    with check("enable_secrets_engine", "refuses a type that nobody has"):
        with refused(exceptions.InvalidRequest, "plugin not found in the catalog: zzz"):
            sys.enable_secrets_engine("zzz")
    with check("list_mounted_secrets_engines", "has them, in data and on top"):
        listed = sys.list_mounted_secrets_engines()
        same(listed["kv2/"], listed["data"]["kv2/"])
        same((listed["kv2/"]["options"], listed["kv2/"]["description"]), ({"version": "2"}, "for apps"))
    with check("retrieve_mount_option", "tells the version of KV"):
        same((sys.retrieve_mount_option("kv2", "version"), sys.retrieve_mount_option("kv1", "version", "1")), ("2", "1"))
    with check("tune_mount_configuration", "changes lifetimes and visibility"):
        answer = sys.tune_mount_configuration("kv2", default_lease_ttl="30m", listing_visibility="unauth")
        same(answer.status_code, 204)
    with check("read_mount_configuration", "has lifetimes in seconds"):
        data = sys.read_mount_configuration("kv2")["data"]
        same((data["default_lease_ttl"], data["max_lease_ttl"], data["listing_visibility"]), (1800, 7200, "unauth"))
    with check("move_backend", "moves a mount"):
        sys.enable_secrets_engine("kv", path="here")
        same("migration_id" in sys.move_backend("here", "there"), True)
    with check("disable_secrets_engine", "removes one, and one that is not there"):
        same([sys.disable_secrets_engine(path).status_code for path in ("there", "there")], [204, 204])


def auth_mounts(sys):
    with check("list_auth_methods", "has tokens"):
        same(sys.list_auth_methods()["data"]["token/"]["type"], "token")
    with check("tune_auth_method", "changes a lifetime"):
        same(sys.tune_auth_method("token", default_lease_ttl="300h").status_code, 204)
    with check("read_auth_method_tuning", "has it in seconds"):
        data = sys.read_auth_method_tuning("token")["data"]
        same((data["default_lease_ttl"], data["token_type"]), (1080000, "default-service"))
    with check("enable_auth_method", "refuses a type that nobody has"):
        with refused(exceptions.InvalidRequest, "plugin not found in the catalog: zzz"):
            sys.enable_auth_method("zzz")
    with check("disable_auth_method", "never removes tokens"):
        with refused(exceptions.InvalidRequest, "token credential backend cannot be disabled"):
            sys.disable_auth_method("token")


def kv_v1(kv):
    at = {"mount_point": "kv1"}
    with check("kv.v1.create_or_update_secret", "writes"):
        answer = kv.create_or_update_secret("a/b", secret={"k": "v", "n": 9007199254740993, "ttl": "30s"}, **at)
        same(answer.status_code, 204)
    with check("kv.v1.read_secret", "reads what was written, to the last digit"):
        read = kv.read_secret("a/b", **at)
        same(read["data"], {"k": "v", "n": 9007199254740993, "ttl": "30s"})
        same((read["lease_duration"], read["lease_id"]), (30, ""))
    with check("kv.v1.list_secrets", "has folders with a slash"):
        same((kv.list_secrets("", **at)["data"]["keys"], kv.list_secrets("a", **at)["data"]["keys"]), (["a/"], ["b"]))
    with check("kv.v1.delete_secret", "removes it, and what is not there"):
        same([kv.delete_secret("a/b", **at).status_code for _ in range(2)], [204, 204])
    with check("kv.v1.read_secret", "does not find it again"):
        with refused(exceptions.InvalidPath):
            kv.read_secret("a/b", **at)


def kv_v2_versions(kv):
    at = {"mount_point": "kv2"}
    with check("kv.v2.configure", "takes a configuration"):
        same(kv.configure(max_versions=5, cas_required=False, **at).status_code, 204)
    with check("kv.v2.read_configuration", "gives it back"):
        data = kv.read_configuration(**at)["data"]
        same((data["max_versions"], data["cas_required"], data["delete_version_after"]), (5, False, "0s"))
    with check("kv.v2.create_or_update_secret", "makes version 1"):
        data = kv.create_or_update_secret("app/x", {"a": "1", "o": {"p": [1]}}, **at)["data"]
        same((data["version"], data["deletion_time"], data["destroyed"]), (1, "", False))
    with check("kv.v2.create_or_update_secret", "makes version 2 where 1 is the last"):
        same(kv.create_or_update_secret("app/x", {"a": "2"}, cas=1, **at)["data"]["version"], 2)
    with check("kv.v2.create_or_update_secret", "refuses where another is the last"):
        with refused(exceptions.InvalidRequest, "check-and-set parameter did not match the current version"):
            kv.create_or_update_secret("app/x", {"a": "3"}, cas=1, **at)
    with check("kv.v2.patch", "changes one member"):
        same(kv.patch("app/x", {"b": "3"}, **at)["data"]["version"], 3)
    with check("kv.v2.read_secret", "is the last version"):
        read = kv.read_secret("app/x", raise_on_deleted_version=True, **at)["data"]
        same((read["data"], read["metadata"]["version"]), ({"a": "2", "b": "3"}, 3))
    with check("kv.v2.read_secret_version", "is the version that was asked for"):
        read = kv.read_secret_version("app/x", version=1, raise_on_deleted_version=True, **at)["data"]
        same(read["data"], {"a": "1", "o": {"p": [1]}})


def kv_v2_removal(kv):
    at = {"mount_point": "kv2"}
    with check("kv.v2.delete_latest_version_of_secret", "removes the last"):
        same(kv.delete_latest_version_of_secret("app/x", **at).status_code, 204)
    with check("kv.v2.read_secret_version", "is the metadata of a version that was deleted"):
        gone = kv.read_secret_version("app/x", raise_on_deleted_version=False, **at)["data"]
        same((gone["data"], gone["metadata"]["deletion_time"] != ""), (None, True))
        with refused(exceptions.InvalidPath):
            kv.read_secret("app/x", raise_on_deleted_version=True, **at)
    with check("kv.v2.undelete_secret_versions", "brings it back"):
        same(kv.undelete_secret_versions("app/x", [3], **at).status_code, 204)
        same(kv.read_secret("app/x", raise_on_deleted_version=True, **at)["data"]["data"]["b"], "3")
    with check("kv.v2.delete_secret_versions", "removes one"):
        same(kv.delete_secret_versions("app/x", [2], **at).status_code, 204)
    with check("kv.v2.destroy_secret_versions", "removes one for good"):
        same(kv.destroy_secret_versions("app/x", [1], **at).status_code, 204)
    with check("kv.v2.read_secret_metadata", "says of each what it is"):
        data = kv.read_secret_metadata("app/x", **at)["data"]
        same((data["current_version"], data["versions"]["1"]["destroyed"]), (3, True))
        same((data["versions"]["2"]["deletion_time"] != "", data["versions"]["3"]["deletion_time"]), (True, ""))
    with check("kv.v2.update_metadata", "takes limits and words of its owner"):
        answer = kv.update_metadata(
            "app/x", max_versions=2, cas_required=True, delete_version_after="1h", custom_metadata={"owner": "me"}, **at
        )
        same(answer.status_code, 204)
        data = kv.read_secret_metadata("app/x", **at)["data"]
        same((data["max_versions"], data["delete_version_after"], data["custom_metadata"]), (2, "1h0m0s", {"owner": "me"}))
    with check("kv.v2.create_or_update_secret", "refuses a write that names no version, where one is required"):
        with refused(exceptions.InvalidRequest, "check-and-set parameter required for this call"):
            kv.create_or_update_secret("app/x", {"a": "4"}, **at)
    with check("kv.v2.list_secrets", "has folders and keys"):
        kv.create_or_update_secret("top", {"a": "1"}, **at)
        same(kv.list_secrets("", **at)["data"]["keys"], ["app/", "top"])
    with check("kv.v2.delete_metadata_and_all_versions", "leaves nothing"):
        same(kv.delete_metadata_and_all_versions("app/x", **at).status_code, 204)
        with refused(exceptions.InvalidPath):
            kv.read_secret_metadata("app/x", **at)


def run(client):
    mounts(client.sys)
    auth_mounts(client.sys)
    kv_v1(client.secrets.kv.v1)
    kv_v2_versions(client.secrets.kv.v2)
    kv_v2_removal(client.secrets.kv.v2)

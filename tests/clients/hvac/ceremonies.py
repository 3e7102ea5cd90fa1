"""Init, seal, unseal, rekey in all its forms, generate-root, and the keyring: `client.sys` of hvac."""

import base64
import json
import os
import urllib.request

from hvac import exceptions

from report import check, refused, same

HOLDERS = os.environ["CONCLAVE_HOLDERS"]


def pgp_keys():
    return json.load(urllib.request.urlopen(f"{HOLDERS}/keys"))


def opened(holder, message):
    """What the holder of that number reads in a message in base64."""
    body = json.dumps({"holder": holder, "message": message}).encode()
    return urllib.request.urlopen(f"{HOLDERS}/read", data=body).read().decode()


def before_init(sys):
    with check("read_init_status", "tells a probe for readiness that nothing is initialised"):
        same(sys.read_init_status(), {"initialized": False})
    with check("is_initialized", "is false"):
        same(sys.is_initialized(), False)
    with check("is_sealed", "is true"):
        same(sys.is_sealed(), True)
    with check("read_seal_status", "has no shares yet"):
        status = sys.read_seal_status()
        same([status[name] for name in ("initialized", "sealed", "t", "n")], [False, True, 0, 0])
    with check("read_health_status", "asks with HEAD and gets 501"):
        same(sys.read_health_status().status_code, 501)
    with check("read_health_status", "answers GET with the code that was asked for"):
        health = sys.read_health_status(method="GET", uninit_code=299)
        same((health.status_code, health.json()["initialized"]), (299, False))


def init(client):
    """The shares, three of which two are needed, and the root token."""
    result = {}
    with check("initialize", "gives three shares and a root token"):
        result = client.sys.initialize(secret_shares=3, secret_threshold=2)
        same(len(result["keys"]), 3)
        same([base64.b64decode(key).hex() for key in result["keys_base64"]], result["keys"])
    with check("initialize", "is refused the second time"):
        with refused(exceptions.InvalidRequest, "already initialized"):
            client.sys.initialize(secret_shares=3, secret_threshold=2)
    client.token = result["root_token"]
    return result["keys"]


def init_for_holders(client):
    """On a server of its own: shares and root token come encrypted."""
    keys = pgp_keys()
    with check("initialize", "encrypts shares and root token to their holders"):
        result = client.sys.initialize(
            secret_shares=2, secret_threshold=2, pgp_keys=keys, root_token_pgp_key=keys[0]
        )
        client.token = opened(0, result["root_token"])
        shares = [opened(i, key) for i, key in enumerate(result["keys_base64"])]
        same(client.sys.submit_unseal_keys(shares)["sealed"], False)
        same(client.is_authenticated(), True)


def unseal(sys, keys):
    with check("read_health_status", "is 503 while sealed"):
        same(sys.read_health_status().status_code, 503)
    with check("submit_unseal_key", "refuses what is no share"):
        with refused(exceptions.InvalidRequest):
            sys.submit_unseal_key("00" * 33)
    sys.submit_unseal_key(reset=True)
    with check("submit_unseal_key", "counts the first share"):
        status = sys.submit_unseal_key(keys[0])
        same((status["sealed"], status["progress"]), (True, 1))
    with check("submit_unseal_key", "forgets it on reset"):
        same(sys.submit_unseal_key(reset=True)["progress"], 0)
    with check("submit_unseal_keys", "opens with two of three"):
        same(sys.submit_unseal_keys(keys[:2])["sealed"], False)
    with check("is_sealed", "is false once it is open"):
        same(sys.is_sealed(), False)
    with check("read_health_status", "is 200 and a dict, and no standby of any kind"):
        health = sys.read_health_status(method="GET")
        same((health["standby"], health["performance_standby"]), (False, False))
    with check("read_leader_status", "has no high availability"):
        same(sys.read_leader_status()["ha_enabled"], False)


def rekey(sys, keys):
    """Without verification; the new shares."""
    with check("read_rekey_progress", "has nothing under way"):
        same(sys.read_rekey_progress()["started"], False)
    with check("start_rekey", "tells what was asked for, and a nonce"):
        begun = sys.start_rekey(secret_shares=2, secret_threshold=2)
        same((begun["started"], begun["n"], begun["t"], begun["required"]), (True, 2, 2, 2))
    with check("cancel_rekey", "ends it"):
        same(sys.cancel_rekey().status_code, 204)
        same(sys.read_rekey_progress()["started"], False)
    nonce = sys.start_rekey(secret_shares=4, secret_threshold=2)["nonce"]
    with check("rekey", "refuses the nonce of another attempt"):
        with refused(exceptions.InvalidRequest):
            sys.rekey(keys[0], nonce="00000000-0000-0000-0000-000000000000")
    with check("rekey", "counts a share"):
        same(sys.rekey(keys[0], nonce=nonce)["progress"], 1)
    with check("rekey_multi", "goes on to the new shares"):
        done = sys.rekey_multi(keys[1:], nonce=nonce)
        same((done["complete"], len(done["keys"]), len(done["keys_base64"])), (True, 4, 4))
        keys = done["keys"]
    return keys


def verified_rekey(sys, keys):
    """With verification, begun again once; the new shares."""
    with check("start_rekey", "asks for verification"):
        begun = sys.start_rekey(secret_shares=3, secret_threshold=2, require_verification=True)
        same(begun["verification_required"], True)
    with check("rekey_multi", "gives new shares that are not in force yet"):
        done = sys.rekey_multi(keys, nonce=begun["nonce"])
        same((done["complete"], done["verification_required"], len(done["keys"])), (True, True, 3))
        new, nonce = done["keys"], done["verification_nonce"]
    with check("read_rekey_verify_progress", "has none of two"):
        status = sys.read_rekey_verify_progress()
        same((status["started"], status["nonce"], status["t"], status["progress"]), (True, nonce, 2, 0))
    with check("rekey_verify", "counts a new share"):
        same(sys.rekey_verify(new[0], nonce)["progress"], 1)
    with check("cancel_rekey_verify", "forgets it, under another nonce"):
        sys.cancel_rekey_verify()
        status = sys.read_rekey_verify_progress()
        same((status["progress"], status["nonce"] != nonce), (0, True))
        nonce = status["nonce"]
    with check("rekey_verify_multi", "puts the new shares in force"):
        done = sys.rekey_verify_multi(new[1:], nonce)
        same((done["complete"], done["nonce"]), (True, nonce))
        keys = new
    return keys


def rekey_to_holders(sys, keys):
    """Encrypted, with a backup on the server; the new shares as their holders read them."""
    with check("start_rekey", "takes PGP keys, and says whose they are"):
        begun = sys.start_rekey(secret_shares=2, secret_threshold=2, pgp_keys=pgp_keys(), backup=True)
        same((len(begun["pgp_fingerprints"]), begun["backup"]), (2, True))
    with check("rekey_multi", "gives messages that only their holders read"):
        done = sys.rekey_multi(keys, nonce=begun["nonce"])
        new = [opened(i, key) for i, key in enumerate(done["keys_base64"])]
        same((len(done["pgp_fingerprints"]), [len(share) > 64 for share in new]), (2, [True, True]))
        keys = new
    with check("read_backup_keys", "has each message by fingerprint"):
        backup = sys.read_backup_keys()
        same(sorted(backup["data"]["keys"]), sorted(done["pgp_fingerprints"]))
        same(backup["keys"], backup["data"]["keys"])
    return keys


def generate_root(client, keys):
    sys = client.sys
    with check("read_root_generation_progress", "has nothing under way"):
        status = sys.read_root_generation_progress()
        same((status["started"], status["otp_length"] > 0), (False, True))
    otp = "x" * status["otp_length"]
    with check("start_root_token_generation", "takes a password of ours"):
        same(sys.start_root_token_generation(otp=otp)["started"], True)
    with check("cancel_root_generation", "ends it"):
        same(sys.cancel_root_generation().status_code, 204)
    nonce = sys.start_root_token_generation(otp=otp)["nonce"]
    with check("generate_root", "makes a token that only the password reads"):
        for key in keys:
            done = sys.generate_root(key, nonce)
        same(done["complete"], True)
        token = unmasked(done["encoded_root_token"], otp)
        was, client.token = client.token, token
        same(client.is_authenticated(), True)
        client.token = was
    with check("start_root_token_generation", "takes the PGP key of a holder"):
        begun = sys.start_root_token_generation(pgp_key=pgp_keys()[1])
        same(len(begun["pgp_fingerprint"]), 40)
        for key in keys:
            done = sys.generate_root(key, begun["nonce"])
        same(len(opened(1, done["encoded_token"])) > 20, True)


def unmasked(encoded, otp):
    masked = base64.b64decode(encoded + "=" * (-len(encoded) % 4))
    return bytes(a ^ b for a, b in zip(masked, otp.encode())).decode()


def keyring_and_seal(client, keys):
    sys = client.sys
    with check("get_encryption_key_status", "is in its first term or a later one"):
        term = sys.get_encryption_key_status()["data"]["term"]
        same(term >= 1, True)
    with check("rotate_encryption_key", "begins the next term"):
        sys.rotate_encryption_key()
        same(sys.get_encryption_key_status()["term"], term + 1)
    with check("step_down", "is taken by a node that is alone"):
        same(sys.step_down().status_code, 204)
    with check("seal", "closes"):
        same(sys.seal().status_code, 204)
        same(sys.is_sealed(), True)
    with check("list_mounted_secrets_engines", "says that the server is sealed"):
        with refused(exceptions.VaultDown, "sealed"):
            sys.list_mounted_secrets_engines()
    with check("submit_unseal_keys", "opens with the shares of the last rekey"):
        same(sys.submit_unseal_keys(keys)["sealed"], False)
        same(client.is_authenticated(), True)


def run(client):
    """Everything, on a server that is empty; leaves it open and `client` with its root token."""
    before_init(client.sys)
    keys = init(client)
    unseal(client.sys, keys)
    keys = rekey(client.sys, keys[:2])
    keys = verified_rekey(client.sys, keys[:2])
    keys = rekey_to_holders(client.sys, keys[:2])
    generate_root(client, keys)
    keyring_and_seal(client, keys)

"""hvac against a server that is empty, and against a second one over TLS. Results go to standard output."""

import importlib.metadata
import inspect
import os

import hvac
from hvac.api import system_backend
from hvac.api.auth_methods import Token
from hvac.api.secrets_engines.kv_v1 import KvV1
from hvac.api.secrets_engines.kv_v2 import KvV2

import ceremonies
import stores
import system
import tokens
from report import check, same, say


def methods(kind, prefix=""):
    functions = inspect.getmembers(kind, inspect.isfunction)
    return [prefix + name for name, _ in functions if not name.startswith("_")]


def inventory():
    """Every method that hvac has for what is tested here."""
    return [
        *methods(system_backend.SystemBackend),
        *methods(Token, "token."),
        *methods(KvV1, "kv.v1."),
        *methods(KvV2, "kv.v2."),
        *methods(hvac.Client, "Client."),
    ]


def over_tls():
    """With a certificate that the server does not ask for."""
    files = {name: os.environ[f"CONCLAVE_TLS_{name}"] for name in ("CA", "CERT", "KEY")}
    client = hvac.Client(
        url=os.environ["CONCLAVE_TLS_ADDR"], verify=files["CA"], cert=(files["CERT"], files["KEY"])
    )
    with check("is_initialized", "is asked over TLS, with a certificate that need not be shown"):
        same(client.sys.is_initialized(), False)
    ceremonies.init_for_holders(client)


def main():
    say(client="hvac", version=importlib.metadata.version("hvac"), inventory=inventory())
    client = hvac.Client(url=os.environ["CONCLAVE_ADDR"])
    other = hvac.Client(url=os.environ["CONCLAVE_ADDR"])
    ceremonies.run(client)
    stores.run(client)
    tokens.run(client, other)
    system.run(client, other)
    over_tls()


if __name__ == "__main__":
    main()

"""What is said of a run: a line of JSON for every check, on standard output."""

import json
import traceback
from contextlib import contextmanager


def say(**line):
    print(json.dumps(line), flush=True)


@contextmanager
def check(method, promise):
    """A call of `method` of the client, and what must be true of it."""
    try:
        yield
    except Exception as error:  # Whatever a client throws is a result; the next check goes on.
        place = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {error} ({place.line})"
        say(method=method, promise=promise, ok=False, error=words)
    else:
        say(method=method, promise=promise, ok=True)


def same(seen, expected):
    assert seen == expected, f"{seen!r} is not {expected!r}"


@contextmanager
def refused(kind, words=""):
    """The client must raise `kind`, with `words` in its message."""
    try:
        yield
    except kind as error:
        assert words in str(error), f"{error} does not say {words!r}"
    else:
        raise AssertionError(f"not refused with {kind.__name__}")

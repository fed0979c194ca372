"""What the clients of old have in common: their arguments, and one JSON line for each thing that they saw."""

import argparse
import json
import sys
import time
from collections.abc import Iterator


def arguments(about: str) -> argparse.Namespace:
    """Address, key, and what to send."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("url", help="where the service listens, such as http://127.0.0.1:8881")
    parser.add_argument("--key", help="the API key, if the service wants one")
    parser.add_argument("--start-within", type=float, default=0.0, metavar="SECONDS",
                        help="ask again for so long whether the service may be used (default: once)")
    parser.add_argument("--message", action="append", default=[], help="a message to judge; may be repeated")
    parser.add_argument("--again", type=int, default=1, metavar="TIMES", help="send the messages so often")
    parser.add_argument("--feedback", action="store_true", help="report a false alarm and a missed crisis")
    return parser.parse_args()


def saw(what: str, **details: object) -> None:
    """Prints one observation."""
    print(json.dumps({"saw": what, **details}), flush=True)


def keyed(key: str | None) -> dict[str, str]:
    """The header that the service has always taken keys in."""
    return {"X-Ash-Internal-Key": key} if key else {}


def patiently(seconds: float) -> Iterator[int]:
    """Counts attempts, one every quarter of a second, until the time is over; always at least one."""
    until = time.monotonic() + seconds
    attempt = 1
    yield attempt
    saw("turned away")
    while time.monotonic() < until:
        time.sleep(0.25)
        attempt += 1
        yield attempt


def give_up() -> None:
    """The client does not start."""
    sys.exit(3)

"""The worker's side of the protocol: JSON lines on standard input, one answer a line.

    {"case": "bert_12", "rounds": 3}     → {"ms": [41.2, 40.9, 41.0]}
    {"case": "bert_12", "logits": true}  → {"logits": [[…]]}, one row-major list a part
    {"peak": true}                       → {"peak": {"int8_gops": …}}, the machine's limit (ours only)
    end of input                         → the worker ends

Before the first request a worker has loaded its models and says
{"ready": true, "load_ms": {model: ms}, "version": "…"}. Loading includes a first answer to one pair:
some engines only map a file at first and read it when they need it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class Engine(Protocol):
    """What a worker brings."""

    version: str

    def load(self, source: dict, folder: Path) -> None:
        """Load one model."""

    def prepare(self, part: dict) -> Any:
        """What can be done to the token ids before the clock runs: padding, tensors."""

    def logits(self, part: dict, prepared: Any) -> list[float]:
        """The answer of one part."""


def arguments() -> argparse.Namespace:
    """The arguments of every worker."""
    p = argparse.ArgumentParser()
    p.add_argument("--inputs", type=Path, required=True)
    p.add_argument("--precision", choices=["f32", "int8"], default="f32")
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


def padded(part: dict) -> dict[str, list[list[int]]]:
    """Ids, mask and token types of a part, padded with zeros to its longest pair."""
    longest = max(map(len, part["ids"]))

    def rows(of: list[list[int]]) -> list[list[int]]:
        return [row + [0] * (longest - len(row)) for row in of]

    mask = rows([[1] * len(row) for row in part["ids"]])
    return {"input_ids": rows(part["ids"]), "attention_mask": mask, "token_type_ids": rows(part["types"])}


def serve(inputs_file: Path, engine: Engine) -> None:
    """Load, say so, and answer until the input ends."""
    # Libraries print; the answers must stay alone on their channel.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(answer: dict) -> None:
        print(json.dumps(answer), file=out, flush=True)

    inputs = json.loads(inputs_file.read_text())
    load_ms = {}
    for source in inputs["models"]:
        first = first_pair(inputs["cases"], source["name"])

        def load_and_answer() -> None:
            engine.load(source, inputs_file.parent)
            engine.logits(first, engine.prepare(first))

        load_ms[source["name"]] = milliseconds(load_and_answer)
    cases = {
        case["name"]: [(part, engine.prepare(part)) for part in case["parts"]] for case in inputs["cases"]
    }
    say({"ready": True, "load_ms": load_ms, "version": engine.version})
    for line in sys.stdin:
        request = json.loads(line)
        parts = cases[request["case"]]

        def once() -> list[list[float]]:
            return [engine.logits(part, prepared) for part, prepared in parts]

        if request.get("logits"):
            say({"logits": once()})
        else:
            say({"ms": [milliseconds(once) for _ in range(request["rounds"])]})


def first_pair(cases: list[dict], model: str) -> dict:
    """The first pair that any case has for a model."""
    part = next(part for case in cases for part in case["parts"] if part["model"] == model)
    return part | {key: part[key][:1] for key in ("labels", "ids", "types")}


def milliseconds(do: Callable[[], Any]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    do()
    return (time.perf_counter() - start) * 1e3

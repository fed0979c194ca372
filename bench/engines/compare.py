"""ash-encoder against what a user would pick instead: same inputs, one run, alternating.

Makes random-weight models of full size once, starts one worker process an engine, checks that
all compute the same, then times them in turns. See README.md for what exactly is compared.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import agreement
import engines
import machine
from report import Report, Resources, update
from timing import Rounds, measure
from workers import Worker

CASES = ["ensemble37", "one_model_12", "single_short", "single_long", "bert_12"]
FULL, QUICK = Rounds(all=9, pipeline=3, warm_up=1), Rounds(all=4, pipeline=1, warm_up=0)
# What decides the content of the made files.
RECIPE = ["make.py", "models.py", "words.py", "cases.py", "onnx_files.py", "requirements.txt"]


def arguments() -> argparse.Namespace:
    """What the user asks for."""
    p = argparse.ArgumentParser(
        prog="bench/engines/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--quick", action="store_true", help="small word tables and few rounds: done within 8 minutes on two cores")
    p.add_argument("--json", action="store_true", help="print a JSON line a case and engine instead of tables")
    p.add_argument("--engines", type=lambda s: s.split(","), metavar="A,B", help="only these: " + ", ".join(e.key for e in engines.ALL) + "; a name without precision means both")
    p.add_argument("--cases", type=lambda s: s.split(","), metavar="A,B", default=CASES, help="only these: " + ", ".join(CASES))
    p.add_argument("--rounds", type=int, metavar="N", help="measured rounds (default 9; 4 with --quick)")
    p.add_argument("--threads", type=int, default=2, metavar="N", help="threads of every engine (default 2)")
    p.add_argument("--update-docs", action="store_true", help="write the tables into docs/performance.md")
    p.add_argument("--work", type=Path, metavar="DIR", help="where models are made (default: engines/ in cargo's target folder; 8 GB)")
    a = p.parse_args()
    for case in a.cases:
        if case not in CASES:
            p.error(f"no case {case!r}; there are {', '.join(CASES)}")
    if a.threads < 1 or (a.rounds is not None and a.rounds < 1):
        p.error("--threads and --rounds must be at least 1")
    return a


def made(folder: Path, rows: int | None) -> Path:
    """The inputs file of a folder, made now unless it is there and its recipe is unchanged."""
    recipe = hashlib.sha256(b"".join((engines.HERE / f).read_bytes() for f in RECIPE)).hexdigest()
    stamp, inputs = folder / "recipe", folder / "inputs.json"
    if not (inputs.exists() and stamp.exists() and stamp.read_text() == recipe):
        say(f"making models in {folder}")
        limit = [] if rows is None else [str(rows)]
        succeed([sys.executable, str(engines.HERE / "make.py"), str(folder), *limit])
        stamp.write_text(recipe)
    return inputs


def succeed(command: list[str]) -> None:
    """Run a command whose failure says enough by itself."""
    status = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    if status != 0:
        raise SystemExit(f"failed with status {status}: {shlex.join(command)}")


def select(inputs: Path, names: list[str]) -> tuple[Path, dict[str, dict], list[dict]]:
    """The chosen cases and the models that they need, as a file of their own beside the first."""
    everything = json.loads(inputs.read_text())
    cases = [c for c in everything["cases"] if c["name"] in names]
    needed = {part["model"] for case in cases for part in case["parts"]}
    models = [m for m in everything["models"] if m["name"] in needed]
    chosen = inputs.with_name("chosen.json")
    chosen.write_text(json.dumps({"models": models, "cases": cases}))
    return chosen, {m["name"]: m for m in models}, cases


def say(text: str) -> None:
    """Progress, beside the answer."""
    print(text, file=sys.stderr, flush=True)


def heading(a: argparse.Namespace, rounds: Rounds, load: float) -> str:
    """Machine, date, command: what makes a figure a figure."""
    command = shlex.join(["bench/engines/run", *sys.argv[1:]])
    return (
        f"{machine.today()}, {machine.machine()}, {machine.software()}. `{command}`: {a.threads} thread(s) for every engine, "
        f"{rounds.all} rounds in which each had its turn (the pipeline {min(rounds.pipeline, rounds.all)}), medians; "
        f"load average before the start {load:.1f}."
    )


def run(a: argparse.Namespace) -> Report:
    """Make, build, load, check, measure."""
    chosen = engines.chosen(a.engines)
    rounds = QUICK if a.quick else FULL
    if a.rounds:
        rounds = Rounds(all=a.rounds, pipeline=rounds.pipeline, warm_up=rounds.warm_up)
    for build in engines.builds(chosen):
        say(shlex.join(build))
        succeed(build)
    work = a.work or engines.target() / "engines"
    folder = made(work / "quick", rows=32_000) if a.quick else made(work / "full", rows=None)
    inputs, models, cases = select(folder, a.cases)
    load = machine.load_average()
    with contextlib.ExitStack() as stack:
        workers = []
        for engine in chosen:
            say(f"loading {engine.key}")
            worker = Worker(engine, inputs, a.threads, sys.executable)
            stack.callback(worker.close)
            workers.append(worker)
        say("comparing the answers")
        agreements, spread = agreement.check(workers, cases, say)
        if not all(found.ok for found in agreements):
            raise SystemExit("the engines do not compute the same: nothing was timed")
        timings, peak = measure(workers, cases, rounds)
        resources = {w.engine: Resources(w.version, w.load_ms, w.peak_rss_mib()) for w in workers}
    return Report(heading(a, rounds, load), models, cases, timings, resources, agreements, spread, peak)


def main() -> None:
    """Run and tell."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    a, start = arguments(), time.monotonic()
    report = run(a)
    if a.json:
        for timing in report.timings:
            print(json.dumps(report.timings.row(timing)))
    else:
        print(report.markdown())
    if a.update_docs:
        update(engines.ROOT / "docs/performance.md", report.markdown())
    say(f"took {(time.monotonic() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()

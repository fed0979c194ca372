"""Keeps what `ash-nlp bench live|load --json` found, and shows it as tables; see `run`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
BEGIN = "<!-- bench/service: begin (written by bench/service/run --update-docs) -->"
END = "<!-- bench/service: end -->"
HEADING = "## Over HTTP, warm and under load"
NAMES = ("live", "open", "closed")


def output(*command: str) -> str:
    """What a command prints, or nothing if there is no such command."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def machine() -> str:
    """Processor and cores."""
    model = re.search(r"^Model name:\s*(.+)$", output("lscpu"), re.M)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores of {model[1] if model else platform.machine()}"


def commit() -> str:
    """Of this project, and whether something is not committed."""
    head = output("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD") or "unknown"
    changed = output("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no")
    return head + (" with changes" if changed else "")


def keep(folder: Path, name: str, command: str, busy: str) -> None:
    """Write the report on standard input with what it was measured on."""
    about = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "rustc": output("rustc", "--version").removeprefix("rustc ").split(" (")[0],
        "commit": commit(),
        "load_average_before": float(busy),
        "command": command,
    }
    path = folder / f"{about['date']}-{name}.json"
    path.write_text(json.dumps({**about, "report": json.load(sys.stdin)}, indent=2) + "\n")


def newest(folder: Path, name: str) -> dict:
    """The latest result of that name: names begin with the date."""
    found = sorted(folder.glob(f"*-{name}.json"))
    if not found:
        sys.exit(f"{folder} holds no result of {name}; run bench/service/run")
    return json.loads(found[-1].read_text())


def ms(value: float | None) -> str:
    """12.3 or 1,234."""
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def spread(latency: dict | None) -> list[str]:
    """Median, p90, p99, max."""
    return [ms((latency or {}).get(key)) for key in ("p50_ms", "p90_ms", "p99_ms", "max_ms")]


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])


def about(result: dict) -> str:
    """On what, when, with what."""
    return (
        f"{result['date']}, {result['machine']}, {result['system']}, rustc {result['rustc']}, commit "
        f"{result['commit']}; load average before the start {result['load_average_before']}."
    )


def counts(of: dict) -> str:
    """200: 97, 503: 3."""
    return ", ".join(f"{name}: {n:,}" for name, n in of.items()) or "none"


def live(result: dict) -> str:
    """The first request and the later."""
    r = result["report"]
    rows = [
        ["first request", ms(r["first_ms"]), "", "", ""],
        [f"the {r['later']['samples']} after it", *spread(r["later"])],
        ["their analysis, by the server's clock", *spread(r["analysis"])],
        ["HTTP overhead (total minus analysis)", *spread(r["overhead"])],
    ]
    if r["repeat"]:
        rows.append(["the same messages again", *spread(r["repeat"]["latency"])])
        rows.append(["their analysis", *spread(r["repeat"]["analysis"])])
    within = r["first_within"]
    bounds = [("1.25 × median", within["strict"]), ("1.25 × median + 5 ms", within["promised"])]
    told = ", ".join(f"{'within' if yes else '**above**'} {bound}" for bound, yes in bounds)
    lines = [
        f"First ÷ median of the later: {r['first_to_median']:.2f} ({told}).",
        f"Within the target of {r['target_ms']:.0f} ms: {r['within_target_share']:.1%}; degraded: {r['degraded_share']:.1%}; "
        f"cache: {counts(r['cache'])}{', the same again: ' + counts(r['repeat']['cache']) if r['repeat'] else ''}.",
    ]
    if r["start_to_ready_ms"] is not None:
        lines.append(f"From the start of the process to ready: {ms(r['start_to_ready_ms'])} ms.")
    head = ["one at a time, ms", "median", "p90", "p99", "max"]
    return "\n\n".join([f"`{result['command']}`:", table(head, rows), " ".join(lines)])


def load(result: dict) -> str:
    """What became of a load."""
    r = result["report"]
    run, seen = r["load"], r["meanwhile"]
    if r["loop"] == "open":
        capacity = r["capacity_per_second"]
        offered = f"{r['rate']:,.0f} requests/s"
        if capacity:
            offered += f", {r['rate'] / capacity:.1f} × the capacity of {capacity:,.0f}"
    else:
        offered = f"{r['clients']} clients"
    rows = [
        ["all answers", *spread(run["latency"])],
        ["full verdicts", *spread(run["full_latency"])],
        ["degraded verdicts", *spread(run["degraded_latency"])],
        ["GET /health meanwhile", *spread(seen["health"])],
    ]
    if not run["degraded_latency"]:
        del rows[2]
    share = "no verdict" if run["degraded_share"] is None else f"{run['degraded_share']:.1%}"
    lines = [
        f"Offered for {r['duration_seconds']:.0f} s: {offered}. Answered: {run['answers_per_second']:,.0f}/s, of which "
        f"{run['full_per_second']:,.0f}/s in full; degraded {share}. By status: {counts(run['statuses'])}; 5xx without "
        f"Retry-After: {run['server_errors_without_retry_after']}; no answer: {counts(run['errors'])}; unsent: {run['unsent']:,}.",
    ]
    if memory := seen["memory"]:
        lines.append(
            f"Resident memory: {memory['start_mib']:.0f} MiB before, {memory['max_mib']:.0f} at most, "
            f"{memory['end_mib']:.0f} at the end."
        )
    if after := r["recovery"]:
        back = after["recovery_ms"]
        told = "not within 10 s" if back is None else f"{ms(back)} ms after the load ended"
        lines.append(
            f"Back within twice the normal median ({ms(after['normal_median_ms'])} ms): {told}; of {after['asked']} "
            f"requests in those 10 s {after['above']} were above it."
        )
    if engine := r["engine"]:
        lines.append(
            f"The engine alone, in batches of 32: {engine['messages_per_second']:,.0f} messages/s; the server reached "
            f"{engine['ratio']:.1%} of that."
        )
    head = ["latency since due, ms", "median", "p90", "p99", "max"]
    return "\n\n".join([f"`{result['command']}`:", table(head, rows), " ".join(lines)])


def markdown(folder: Path) -> str:
    """The whole section."""
    results = {name: newest(folder, name) for name in NAMES}
    parts = [about(results["live"])]
    for name, result in results.items():
        if about(result) != parts[0] and about(result) not in parts:
            parts.append(about(result))
        parts.append(live(result) if name == "live" else load(result))
    missed = [a["name"] for result in results.values() for a in result["report"]["aims"] if not a["met"]]
    parts.append("Aims that were not met: " + ("; ".join(missed) if missed else "none") + ".")
    return "\n\n".join(parts)


def update(page: Path, section: str) -> None:
    """Put the section between the markers of a page, or at its end if it has none."""
    text = page.read_text()
    block = f"{BEGIN}\n{section}\n{END}"
    if BEGIN in text and END in text:
        before, rest = text.split(BEGIN, 1)
        text = before + block + rest.split(END, 1)[1]
    else:
        text = f"{text.rstrip()}\n\n{HEADING}\n\n{block}\n"
    page.write_text(text)


def main() -> None:
    """See `run --help`."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    keeping = what.add_parser("keep", help="keep the report on standard input")
    keeping.add_argument("--command", required=True)
    keeping.add_argument("--busy", required=True)
    keeping.add_argument("folder", type=Path)
    keeping.add_argument("name", choices=NAMES)
    showing = what.add_parser("show", help="print the newest results as Markdown")
    showing.add_argument("--update-docs", action="store_true")
    showing.add_argument("folder", type=Path)
    args = parser.parse_args()
    if args.what == "keep":
        keep(args.folder, args.name, args.command, args.busy)
        return
    section = markdown(args.folder)
    print(section)
    if args.update_docs:
        update(PAGE, section)


if __name__ == "__main__":
    main()

"""What was found, for people: tables in Markdown, and the page they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import work
from agreement import Agreement
from engines import OURS, OURS_F32, Engine
from timing import Timings

BEGIN = "<!-- bench/engines: begin (written by bench/engines/run --update-docs) -->"
END = "<!-- bench/engines: end -->"


@dataclass(frozen=True)
class Resources:
    """What an engine needs besides time."""

    version: str
    load_ms: dict[str, float]
    peak_rss_mib: float


@dataclass(frozen=True)
class Report:
    """Everything that a run found."""

    heading: str
    models: dict[str, dict]
    cases: list[dict]
    timings: Timings
    resources: dict[Engine, Resources]
    agreements: list[Agreement]
    spread: float
    peak: dict[str, float]

    def markdown(self) -> str:
        """The whole section."""
        parts = [self.heading, self._times(), self._inputs(), self._resources(), self._speed(), self._agreement()]
        return "\n\n".join(p for p in parts if p)

    def _times(self) -> str:
        rows = []
        for engine in self.resources:
            cells = []
            for case in self.cases:
                ms, ours = self.timings.median(engine, case["name"]), self.timings.median(OURS, case["name"])
                ratio = f" ({ms / ours:.2f}×)" if ms and ours and engine != OURS else ""
                cells.append(f"{ms:,.{0 if ms >= 100 else 1}f}{ratio}" if ms else "")
            rows.append([engine.what, engine.precision, *cells])
        head = ["median ms (times ours in int8)", "", *(f"`{c['name']}`" for c in self.cases)]
        out = table(head, rows)
        for engine in self.resources:
            pairs = [(self.timings.median(engine, c["name"]), self.timings.median(OURS_F32, c["name"])) for c in self.cases]
            if engine.precision == "f32" and engine != OURS_F32 and all(a and b for a, b in pairs):
                times = ", ".join(f"`{c['name']}` {a / b:.2f}×" for c, (a, b) in zip(self.cases, pairs))
                out += f"\n\nf32 against our f32, {engine.name}: {times}."
        return out

    def _inputs(self) -> str:
        lines = []
        for case in self.cases:
            lengths = [len(ids) for part in case["parts"] for ids in part["ids"]]
            lines.append(
                f"`{case['name']}`: {len(case['parts'])} model(s), {len(lengths)} pair(s) of {min(lengths)} to "
                f"{max(lengths)} tokens, {sum(lengths):,} in all, {work.padding(case):.0%} padding in a padded batch."
            )
        shapes = ", ".join(
            f"{m['name']} ({m['model_type']}, {m['parameters'] / 1e6:.0f} M parameters, "
            f"{m['vocab_size']:,} words)" for m in self.models.values()
        )
        return "\n".join([f"Models, random weights: {shapes}.", *lines])

    def _resources(self) -> str:
        rows = []
        for engine, r in self.resources.items():
            loads = [f"{r.load_ms[name] / 1e3:.2f}" for name in self.models]
            rows.append([engine.what, engine.precision, *loads, f"{r.peak_rss_mib:,.0f}", r.version])
        head = ["load to first answer, s", "", *self.models, "peak RSS of all, MiB", "version"]
        return table(head, rows)

    def _speed(self) -> str:
        rows = []
        for engine, kind, unit in [(OURS, "int8_gops", "GOPS"), (OURS_F32, "f32_gflops", "GFLOPS")]:
            for case in self.cases:
                ms = self.timings.median(engine, case["name"])
                if ms is None:
                    continue
                gop, limit = work.linear_gop(case, self.models), self.peak.get(kind)
                speed = gop / ms * 1e3
                attention = work.attention_gop(case, self.models)
                share = f"{speed / limit:.0%} of {limit:,.0f}" if limit else "not measured"
                rows.append([f"`{case['name']}`", engine.precision, f"{gop:.1f}", f"{attention:.2f}", f"{speed:,.0f} {unit}", share])
        if not rows:
            return ""
        head = ["ours", "", "linear layers, 10⁹ operations", "inside attention", "linear ÷ whole time", "of the machine's limit"]
        return table(head, rows) + (
            "\n\nThe limit is a loop of nothing but dot-product (int8) or multiply-add (f32) instructions on registers, "
            "on as many threads. The whole time includes attention, norms and quantisation, so that the share says "
            "what is left between this engine and a perfect one."
        )

    def _agreement(self) -> str:
        lines = [f"- {a}" for a in self.agreements]
        return "\n".join([f"Agreement on all inputs (entailment logits spread by {self.spread:.2f}):", *lines])


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def update(page: Path, section: str) -> None:
    """Put the section between the markers of a page, or at its end if it has none."""
    text = page.read_text()
    block = f"{BEGIN}\n{section}\n{END}"
    if BEGIN in text and END in text:
        before, rest = text.split(BEGIN, 1)
        text = before + block + rest.split(END, 1)[1]
    else:
        text = f"{text.rstrip()}\n\n## Against other engines\n\n{block}\n"
    page.write_text(text)

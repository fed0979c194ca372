"""Rounds in which every engine has its turn, so that a noisy minute is noisy for all."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass

from engines import OURS, OURS_F32, Engine
from workers import Worker


@dataclass(frozen=True)
class Rounds:
    """How often: `pipeline` for the one engine that takes seconds, `all` for the others."""

    all: int
    pipeline: int
    warm_up: int


@dataclass(frozen=True)
class Timing:
    """The runs of one engine on one case."""

    engine: Engine
    case: str
    ms: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        """Half of the runs were faster."""
        return statistics.median(self.ms)


class Timings(list[Timing]):
    """All that was measured."""

    def median(self, engine: Engine, case: str) -> float | None:
        """A median, or nothing if this engine did not run this case."""
        return next((t.median_ms for t in self if (t.engine, t.case) == (engine, case)), None)

    def row(self, timing: Timing) -> dict:
        """A line of `--json`. Ratios say how many times as long as ours, to int8 and, for f32, to f32."""
        ours, ours_f32 = self.median(OURS, timing.case), self.median(OURS_F32, timing.case)
        row = {
            "engine": timing.engine.name,
            "precision": timing.engine.precision,
            "case": timing.case,
            "median_ms": round(timing.median_ms, 2),
            "ratio_to_ours": ours and round(timing.median_ms / ours, 2),
        }
        if timing.engine.precision == "f32":
            row["ratio_to_ours_f32"] = ours_f32 and round(timing.median_ms / ours_f32, 2)
        return row | {"min_ms": round(min(timing.ms), 2), "runs": len(timing.ms)}


def measure(
    workers: list[Worker], cases: list[dict], rounds: Rounds
) -> tuple[Timings, dict[str, float]]:
    """Case by case A B C D, again and again; the warm-up rounds are thrown away.

    The second answer is the machine's limit, the best of all rounds: in a noisy minute it is as
    slow as everything else.
    """
    limit: dict[str, float] = {}
    judge = next((w for w in workers if w.engine.name == OURS.name), None)
    runs: dict[tuple[Engine, str], list[float]] = defaultdict(list)
    for number in range(rounds.warm_up + rounds.all):
        counted = number - rounds.warm_up
        label = f"round {counted + 1} of {rounds.all}" if counted >= 0 else "warm-up"
        for kind, speed in (judge.machine_limit() if judge else {}).items():
            limit[kind] = max(speed, limit.get(kind, 0.0))
        for case in cases:
            print(f"\r{label}: {case['name']:<20}", end="", file=sys.stderr, flush=True)
            for worker in workers:
                if worker.engine.name == "pipeline" and not 0 <= counted < rounds.pipeline:
                    continue
                ms = worker.time(case["name"], case["repeats"])
                if counted >= 0:
                    runs[worker.engine, case["name"]] += ms
    print(file=sys.stderr)
    return Timings(Timing(engine, case, tuple(ms)) for (engine, case), ms in runs.items()), limit

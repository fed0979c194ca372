"""Do all engines compute the same? Asked before any clock runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from engines import Engine
from workers import Worker

LABELS = 3
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Agreement:
    """How far one engine is from the reference over all inputs."""

    engine: Engine
    reference: Engine
    drift: float
    same_argmax: int
    pairs: int

    @property
    def ok(self) -> bool:
        """f32 must agree to 1e-3; int8 is reported, and must only be numbers."""
        return self.drift <= TOLERANCE if self.engine.precision == "f32" else math.isfinite(self.drift)

    def __str__(self) -> str:
        kind = "score" if self.engine.answers_scores else "logit"
        largest = f"largest {kind} difference from {self.reference.key} {self.drift:.2g}"
        if self.engine.answers_scores:
            return f"{self.engine.key}: {largest}"
        return f"{self.engine.key}: {largest}, same class for {self.same_argmax} of {self.pairs} pairs"


def scores(logits: list[float]) -> list[float]:
    """The pipeline's label scores from a part's logits: softmax of entailment over the labels.

    A single label is judged by itself: softmax over contradiction (last) and entailment (first).
    """
    rows = [logits[i : i + LABELS] for i in range(0, len(logits), LABELS)]
    values = [row[0] for row in rows] if len(rows) > 1 else [rows[0][0], rows[0][-1]]
    exponents = [math.exp(v - max(values)) for v in values]
    return [e / sum(exponents) for e in exponents][: len(rows)]


def check(
    workers: list[Worker], cases: list[dict], tell: Callable[[str], None]
) -> tuple[list[Agreement], float]:
    """Compare every engine with PyTorch, or the first other f32 engine; and the spread of the logits."""
    reference = next((w for w in workers if w.engine.key == "torch-f32"), None)
    others = [w for w in workers if w.engine.precision == "f32" and not w.engine.answers_scores]
    reference = reference or next(iter(others), workers[0])
    expected = {case["name"]: reference.logits(case["name"]) for case in cases}
    out = []
    for worker in workers:
        drift, same, pairs = 0.0, 0, 0
        for case in cases:
            for want, got in zip(expected[case["name"]], worker.logits(case["name"])):
                if worker.engine.answers_scores:
                    want = scores(want)
                if len(want) != len(got):
                    raise SystemExit(f"{worker.engine.key}: {len(got)} numbers for {case['name']}, not {len(want)}")
                drift = max(drift, *(abs(a - b) if math.isfinite(b) else math.inf for a, b in zip(want, got)))
                for i in range(0, len(want), LABELS):
                    same += best(want[i : i + LABELS]) == best(got[i : i + LABELS])
                    pairs += 1
        out.append(Agreement(worker.engine, reference.engine, drift, same, pairs))
        tell(f"  {out[-1]}{'' if out[-1].ok else '  ← too far'}")
    every = [v for parts in expected.values() for part in parts for v in part[::LABELS]]
    mean = sum(every) / len(every)
    return out, math.sqrt(sum((v - mean) ** 2 for v in every) / len(every))


def best(row: list[float]) -> int:
    """The index of the largest."""
    return row.index(max(row))

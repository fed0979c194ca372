"""Figures of a head's logits against its rows; the shipped figures come from `ash-nlp eval`."""

from __future__ import annotations

import torch
from torch import Tensor


def macro_f1(guess: Tensor, truth: Tensor, n: int) -> float:
    scores = []
    for c in range(n):
        hit = int(((guess == c) & (truth == c)).sum())
        made, there = int((guess == c).sum()), int((truth == c).sum())
        if there:
            scores.append(2 * hit / (made + there))
    return sum(scores) / len(scores)


def heads(z: dict[str, Tensor], rows: list[dict]) -> dict:
    """Macro-F1 by head; for `level` also urgent recall and false alarms per 1,000 `none`."""
    out = {}
    for head, logits in z.items():
        if head == "emotions":
            continue
        truth = torch.tensor([r[head] for r in rows])
        guess = logits.argmax(1)
        out[head] = round(macro_f1(guess, truth, logits.shape[1]), 4)
        if head == "level":
            urgent = truth >= 3
            if urgent.any():
                out["urgent_recall"] = round(float((guess[urgent] >= 3).float().mean()), 4)
            if (truth == 0).any():
                out["false_alarms"] = round(1000 * float((guess[truth == 0] >= 2).float().mean()), 1)
    return out


def emotions(logits: Tensor, rows: list[dict]) -> float:
    """Macro-F1 over the emotions at probability 0.3."""
    truth = torch.zeros(logits.shape)
    for i, r in enumerate(rows):
        truth[i, r["emotions"]] = 1
    guess = logits.sigmoid() > 0.3
    hit = (guess & (truth == 1)).sum(0)
    return round(float((2 * hit / (guess.sum(0) + truth.sum(0)).clamp_min(1)).mean()), 4)

"""The inputs: message × hypotheses as token ids, made once so that every engine computes the same."""

from __future__ import annotations

from tokenizers import Tokenizer

import words


def part(tok: Tokenizer, model: str, premise: str, labels: list[str]) -> dict:
    """What one model gets in a case: text for the pipeline, ids and token types for the others."""
    pairs = tok.encode_batch([(premise, words.TEMPLATE.format(label)) for label in labels])
    return {
        "model": model,
        "premise": premise,
        "template": words.TEMPLATE,
        "labels": labels,
        "ids": [e.ids for e in pairs],
        "types": [e.type_ids for e in pairs],
    }


def make(tok: dict[str, Tokenizer]) -> list[dict]:
    """All cases; `repeats` are runs a visit, more for those that take milliseconds."""
    labels, distress = words.LABELS, words.LABELS["emotional_distress"]

    def ask(model: str, premise: str, of: list[str]) -> dict:
        return part(tok[model], model, premise, of)

    return [
        {"name": "ensemble37", "repeats": 1, "parts": [ask(m, words.MESSAGE, labels[m]) for m in labels]},
        {"name": "one_model_12", "repeats": 1, "parts": [ask("depression", words.MESSAGE, distress)]},
        {"name": "single_short", "repeats": 4, "parts": [ask("depression", words.MESSAGE, distress[:1])]},
        {"name": "single_long", "repeats": 2, "parts": [ask("depression", words.LONG, distress[:1])]},
        {"name": "bert_12", "repeats": 1, "parts": [ask("bert", words.MESSAGE, distress)]},
    ]

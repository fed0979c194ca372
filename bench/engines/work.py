"""How much arithmetic a case is, so that a time can be read as a share of what the machine can do."""

from __future__ import annotations


def linear_gop(case: dict, models: dict[str, dict]) -> float:
    """10⁹ operations (a multiply and an add are two) of the linear layers that an exact engine needs.

    In the last layer only keys and values are needed for every token; query, attention output and
    the two feed-forward products only for the one row a pair that is pooled. Embedding, norms, the
    products inside attention, position projections (constants of the model), pooler and head are
    not counted.
    """
    total = 0
    for part in case["parts"]:
        shape = models[part["model"]]
        hidden, inner, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
        tokens, pairs = sum(map(len, part["ids"])), len(part["ids"])
        layer = 2 * (4 * hidden * hidden + 2 * hidden * inner)
        key_value = 2 * 2 * hidden * hidden
        total += tokens * ((layers - 1) * layer + key_value) + pairs * (layer - key_value)
    return total / 1e9


def attention_gop(case: dict, models: dict[str, dict]) -> float:
    """10⁹ operations of the products inside attention: scores, values, and for DeBERTa both position terms.

    A sequence of L tokens uses at most 2L − 1 position rows, and each query meets L of them.
    """
    total = 0
    for part in case["parts"]:
        shape = models[part["model"]]
        terms = 4 if shape["model_type"] == "deberta-v2" else 2
        squares = sum(len(ids) ** 2 for ids in part["ids"])
        total += shape["num_hidden_layers"] * terms * 2 * squares * shape["hidden_size"]
    return total / 1e9


def padding(case: dict) -> float:
    """The share of a padded batch that is padding."""
    real = padded = 0
    for part in case["parts"]:
        lengths = [len(ids) for ids in part["ids"]]
        real, padded = real + sum(lengths), padded + max(lengths) * len(lengths)
    return 1 - real / padded

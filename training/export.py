"""Checkpoints → a model profile that the service loads: `python export.py --help`.

Layout (see docs/models.md): trunk/{config.json, tokenizer.json, model.safetensors}, and for each
model {model.json, model.safetensors}. int8 is symmetric per output channel (`X` of type I8 with
`X_scale`); biases, norms, positions and heads stay f32. `--precision f32` writes the reference
that int8 is compared with.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

import data
import metrics
from features import Features
from network import Branch, Trunk, int8_grid
from train import BRANCHES, TRUNK_LAYERS, predict

# Severity of each label, 0 (harmless) to 1 (danger to life now): equal steps for the five levels;
# negative sentiment and severe distress alone say trouble, not danger.
LABELS = {
    "depression": ("level", dict(zip(data.LEVELS, [0.0, 0.25, 0.5, 0.75, 1.0]))),
    "sentiment": ("sentiment", {"negative": 0.5, "neutral": 0.1, "positive": 0.0}),
    "emotional_distress": ("distress", dict(zip(data.DISTRESS, [0.0, 0.3, 0.6, 0.9]))),
}
TAGS = {"depression": ("category", "softmax"), "emotional_distress": ("emotions", "sigmoid")}
HEADS = {"depression": ["level", "category"], "sentiment": ["sentiment"], "emotional_distress": ["distress", "emotions"]}


def stored(tensors: dict[str, Tensor], int8: bool) -> dict[str, Tensor]:
    """Matrices of layers and the word table on the int8 grid; everything else as it is."""
    out = {}
    for name, t in tensors.items():
        wide = t.dim() == 2 and (".layer." in name or "word_embeddings" in name)
        if wide and int8:
            out[name], out[f"{name}_scale"] = int8_grid(t)
        else:
            out[name] = t.float()
    return {k: v.contiguous() for k, v in out.items()}


def temperature(logits: Tensor, truth: Tensor) -> float:
    """T that minimises the negative log-likelihood of softmax(z/T) (Guo et al. 2017)."""
    grid = torch.linspace(0.5, 3.0, 251)
    nll = torch.stack([F.cross_entropy(logits / t, truth) for t in grid])
    return round(float(grid[nll.argmin()]), 2)


def by_slice(z: dict[str, Tensor], rows: list[dict]) -> dict:
    """Figures of all rows and of each slice of the corpus (the first letter of an id)."""
    out = {"all": metrics.heads(z, rows)}
    for letter in sorted({r["id"][0] for r in rows}):
        at = [i for i, r in enumerate(rows) if r["id"][0] == letter]
        out[letter] = metrics.heads({h: t[at] for h, t in z.items()}, [rows[i] for i in at])
    return out


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--base", type=Path, required=True)
    p.add_argument("--corpus", type=Path, default=Path(__file__).parent.parent / "corpus", help="folder of JSONL files")
    p.add_argument("--work", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--precision", choices=["int8", "f32"], default="int8")
    p.add_argument("--only", choices=LABELS, action="append", help="write this model and leave the others as they are")
    p.add_argument("--command", default="training/run", help="the command to name in model.json")
    a = p.parse_args()
    int8 = a.precision == "int8"

    weights = load_file(a.base / "model.safetensors")
    trunk = Trunk(weights, TRUNK_LAYERS)
    folder = a.out / "trunk"
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads((a.base / "config.json").read_text())
    config = {k: v for k, v in config.items() if k not in ("_name_or_path", "architectures", "transformers_version")}
    config["num_hidden_layers"] = TRUNK_LAYERS
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tokenizer = Tokenizer.from_file(str(a.base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    tensors = {
        "embeddings.word_embeddings.weight": trunk.words,
        "embeddings.position_embeddings.weight": trunk.places,
        "embeddings.LayerNorm.weight": trunk.norm.weight.data,
        "embeddings.LayerNorm.bias": trunk.norm.bias.data,
        "encoder.relative_attention_bias.weight": trunk.positions.table,
    }
    for i, layer in enumerate(trunk.layers):
        tensors |= layer.export(i)
    save_file(stored(tensors, int8), folder / "model.safetensors")

    corpus, categories = data.corpus(a.corpus)
    feats = Features(a.work / "features", trunk, tokenizer)
    for source in sorted({r["source"] for r in corpus}):
        feats.add(source, [r["text"] for r in corpus if r["source"] == source])
    split = {s: [r for r in corpus if r["split"] == s] for s in ("dev", "test")}
    data_hash = hashlib.sha256(b"".join(f.read_bytes() for f in sorted(a.corpus.glob("*.jsonl")))).hexdigest()

    for name in a.only or LABELS:
        state = torch.load(a.work / f"{name}.pt", weights_only=False)
        branch = Branch(weights, BRANCHES[name][0], state["heads"])
        branch.load_state_dict(state["branch"])
        branch.eval()
        head, severities = LABELS[name]
        figures, scale = {}, 1.0
        for part, rows in split.items():
            z, _ = predict(branch, [r["text"] for r in rows], feats)
            if part == "dev":
                scale = temperature(z[head], torch.tensor([r[head] for r in rows]))
            figures[part] = by_slice({h: z[h] for h in HEADS[name] if h != "emotions"}, rows)
        tags = None
        if name in TAGS:
            tag_head, activation = TAGS[name]
            labels = categories if tag_head == "category" else data.EMOTIONS
            tags = {"head": tag_head, "labels": labels, "activation": activation}
        folder = a.out / name
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {}
        for i, layer in zip(BRANCHES[name][0], branch.layers):
            tensors |= layer.export(i)
        for h in HEADS[name]:
            tensors[f"heads.{h}.weight"] = branch.heads[h].weight.data
            tensors[f"heads.{h}.bias"] = branch.heads[h].bias.data
        save_file(stored(tensors, int8), folder / "model.safetensors")
        args = {k: str(v) for k, v in state["args"].items()
                if k in ("epochs", "lr", "batch", "seed", "disturbed", "pool") or (k == "teacher" and v)}  # fmt: skip
        args.pop("teacher", None)
        description = {
            "format": 1,
            "name": name,
            "primary": {
                "head": head,
                "labels": [{"name": n, "severity": s} for n, s in severities.items()],
                "temperature": scale,
            },
            "tags": tags,
            "training": {
                "base": "sentence-transformers/all-mpnet-base-v2 (Apache-2.0)",
                "layers": {"trunk": TRUNK_LAYERS, "own": len(BRANCHES[name][0])},
                "command": a.command,
                "settings": args,
                "distilled": bool(state["args"].get("teacher")),
                "corpus_sha256": data_hash,
            },
            # Of this model alone, in f32, by the most probable label: the ensemble's are in docs/detection.md.
            "metrics": figures,
        }
        (folder / "model.json").write_text(json.dumps(description, indent=1, ensure_ascii=False) + "\n")
        print(name, f"T={scale}", json.dumps(figures["dev"]["all"]), json.dumps(figures["test"]["all"]), file=sys.stderr)
    profile = {"format": 1, "name": "compact", "trunk": "trunk", "models": list(LABELS)}
    (a.out / "profile.json").write_text(json.dumps(profile, indent=1) + "\n")


if __name__ == "__main__":
    main()

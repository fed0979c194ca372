"""Train one model of the compact profile: `python train.py MODEL --help`.

Resumable: a checkpoint is written after every epoch and picked up by the same command.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import data
import metrics
from features import Features
from network import Branch, Trunk

TRUNK_LAYERS = 4
# model → (base layers of its branch, heads)
BRANCHES = {
    "depression": ([4, 5, 6, 7], {"level": 5, "category": 0, "distress": 4, "sentiment": 3}),
    "sentiment": ([4], {"sentiment": 3}),
    "emotional_distress": ([4], {"distress": 4, "emotions": 28}),
    "teacher": ([4, 5, 6, 7, 8, 9, 10, 11], {"level": 5, "category": 0, "distress": 4, "sentiment": 3}),
}
LEVEL_WEIGHTS = torch.tensor([1.0, 1.0, 1.1, 1.3, 1.3])
# Calm GoEmotions comments that count as `none`, and messages joined with small talk.
CALM, JOINED = 2500, 6000
# How often an emotion is positive is far below one half; without this the rare ones never fire.
EMOTION_LOSS = 10.0


def rows_for(model: str, corpus: list[dict], goemotions: Path, seed: int, pool: int) -> list[dict]:
    """What a model learns from. Each model has a source or target of its own."""
    train = [r for r in corpus if r["split"] == "train"]
    go = data.goemotions(goemotions, "train")
    if model in ("depression", "teacher"):
        rows = train + data.joined(train, JOINED, seed) + data.calm(go, CALM, seed)
        if pool:  # unlabelled texts: only the teacher's soft labels speak
            calm = {r["text"] for r in rows}
            rest = [{"text": r["text"], "source": "pool"} for r in go if r["text"] not in calm]
            rows = rows + random.Random(seed).sample(rest, pool)
        return rows
    some = data.sample_emotions(go, 10000, seed)
    if model == "sentiment":
        return train + [r for r in some if "sentiment" in r]
    return train + some


def losses(model: str, rows: list[dict], logits: dict[str, Tensor], soft: dict[str, Tensor] | None) -> Tensor:
    """The sum of the head losses of a batch; heads without a target in a row are masked.

    With `soft` (the teacher's logits) its distributions are matched too (Hinton et al. 2015).
    """
    total = torch.zeros(())
    for head, z in logits.items():
        if head == "emotions":
            has = [i for i, r in enumerate(rows) if "emotions" in r]
            if has:
                y = torch.zeros(len(has), z.shape[1])
                for k, i in enumerate(has):
                    y[k, rows[i]["emotions"]] = 1.0
                total = total + EMOTION_LOSS * F.binary_cross_entropy_with_logits(z[has], y)
            continue
        has = [i for i, r in enumerate(rows) if head in r]
        if has:
            y = torch.tensor([rows[i][head] for i in has])
            if head == "level":
                total = total + F.cross_entropy(z[has], y, LEVEL_WEIGHTS, label_smoothing=0.05)
            elif model in ("depression", "teacher"):
                total = total + {"category": 0.3, "distress": 0.5, "sentiment": 0.3}[head] * F.cross_entropy(z[has], y)
            else:
                total = total + F.cross_entropy(z[has], y, label_smoothing=0.03)
        if soft is not None and head in soft:
            weight = {"level": 1.5, "category": 0.5}.get(head, 0.3)
            total = total + weight * F.kl_div(F.log_softmax(z, 1), F.softmax(soft[head], 1), reduction="batchmean")
    return total


def batches(rows: list[dict], feats: Features, size: int, rng: random.Random) -> list[list[dict]]:
    """Shuffled batches of rows of like length (little padding)."""
    rows = rows[:]
    rng.shuffle(rows)
    out = []
    for at in range(0, len(rows), size * 64):
        part = sorted(rows[at : at + size * 64], key=lambda r: feats.length(r["text"]))
        out += [part[i : i + size] for i in range(0, len(part), size)]
    rng.shuffle(out)
    return out


@torch.no_grad()
def predict(
    branch: Branch, texts: list[str], feats: Features, fast: bool = False
) -> tuple[dict[str, Tensor], Tensor]:
    """Logits of every head and the pooled vectors, in the order of `texts`; `fast` computes in bf16."""
    was = branch.training
    branch.eval()
    order = sorted(range(len(texts)), key=lambda i: feats.length(texts[i]))
    heads: dict[str, list[Tensor]] = {}
    pooled = []
    for at in range(0, len(order), 64):
        x, lengths = feats.batch([texts[i] for i in order[at : at + 64]])
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            z, p = branch(x, lengths)
        pooled.append(p.float())
        for name, t in z.items():
            heads.setdefault(name, []).append(t.float())
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    branch.train(was)
    return {n: torch.cat(ts)[back] for n, ts in heads.items()}, torch.cat(pooled)[back]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("model", choices=BRANCHES)
    p.add_argument("--base", type=Path, required=True, help="all-mpnet-base-v2 (config.json, tokenizer.json, model.safetensors)")
    p.add_argument("--corpus", type=Path, default=Path(__file__).parent.parent / "corpus", help="folder of JSONL files")
    p.add_argument("--goemotions", type=Path, required=True, help="folder with train.tsv, dev.tsv, test.tsv")
    p.add_argument("--work", type=Path, required=True, help="checkpoints and feature cache")
    p.add_argument("--epochs", type=int, default=4)
    p.add_argument("--lr", type=float, default=5e-5)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--disturbed", type=float, default=0.25, help="share of rows seen in a disturbed spelling")
    p.add_argument("--precision", choices=["bf16", "f32"], default="bf16",
                   help="of the products in training; bf16 is twice as fast on CPUs that have it")  # fmt: skip
    p.add_argument("--teacher", type=Path, help="checkpoint of the teacher; its logits become soft labels")
    p.add_argument("--pool", type=int, default=0, help="GoEmotions texts used without labels when distilling")
    p.add_argument("--start", type=Path, help="checkpoint of the same model to begin with, instead of the base encoder")
    p.add_argument("--name", help="name of the run (default: the model's)")
    a = p.parse_args()

    torch.manual_seed(a.seed)
    rng = random.Random(a.seed)
    name = a.name or a.model
    a.work.mkdir(parents=True, exist_ok=True)
    weights = load_file(a.base / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(a.base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    trunk = Trunk(weights, TRUNK_LAYERS)
    feats = Features(a.work / "features", trunk, tokenizer)

    corpus, categories = data.corpus(a.corpus)
    rows = rows_for(a.model, corpus, a.goemotions, a.seed, a.pool)
    train_corpus = [r for r in corpus if r["split"] == "train"]
    twist = random.Random(11)
    disturbed = {r["text"]: data.disturb(r["text"], twist) for r in train_corpus}
    for source in sorted({r["source"] for r in corpus}):
        feats.add(source, [r["text"] for r in corpus if r["source"] == source])
    feats.add("disturbed", list(disturbed.values()))
    for source in sorted({r["source"] for r in rows} - {r["source"] for r in corpus}):
        feats.add(source, sorted({r["text"] for r in rows if r["source"] == source}))

    picks, heads = BRANCHES[a.model]
    heads = {k: (n or len(categories)) for k, n in heads.items()}
    branch = Branch(weights, picks, heads)
    soft: dict[str, dict[str, Tensor]] = {}
    if a.teacher:
        t = Branch(weights, BRANCHES["teacher"][0], heads)
        t.load_state_dict(torch.load(a.teacher, weights_only=False)["branch"])
        texts = sorted({r["text"] for r in rows} | set(disturbed.values()))
        print(f"asking the teacher about {len(texts)} texts", flush=True)
        z, pooled = predict(t, texts, feats, a.precision == "bf16")
        soft = {text: {h: z[h][i] for h in z} for i, text in enumerate(texts)}
        vectors = dict(zip(texts, pooled))
        del t

    if a.start:
        known = torch.load(a.start, weights_only=False)
        if known["categories"] != categories:
            raise SystemExit(f"{a.start}: its categories are not those of the corpus")
        branch.load_state_dict(known["branch"])
        del known

    head_params = [q for n, q in branch.named_parameters() if n.startswith("heads")]
    body = [q for n, q in branch.named_parameters() if not n.startswith("heads")]
    opt = torch.optim.AdamW(
        [{"params": body, "lr": a.lr}, {"params": head_params, "lr": 1e-4 if a.start else 1e-3}], weight_decay=0.01, fused=True
    )
    steps = a.epochs * len(batches(rows, feats, a.batch, random.Random(0)))
    sched = torch.optim.lr_scheduler.LambdaLR(
        opt, lambda s: min((s + 1) / (0.1 * steps), max(0.02, (steps - s) / (0.9 * steps)))
    )
    # The mean of the weights along the last hundreds of steps is what is kept (Izmailov et al. 2018).
    mean = AveragedModel(branch, multi_avg_fn=get_ema_multi_avg_fn(0.995))
    dev = [r for r in corpus if r["split"] == "dev"]
    go_dev = data.goemotions(a.goemotions, "dev") if a.model != "teacher" and "emotions" in heads else []
    if go_dev:
        feats.add("go-dev", [r["text"] for r in go_dev])

    checkpoint = a.work / f"{name}.pt"
    start = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        if state["epochs"] == a.epochs:
            branch.load_state_dict(state["last"])
            mean.load_state_dict(state["mean"])
            if state["epoch"] == a.epochs:
                print(f"{name}: already trained ({checkpoint})")
                return
            opt.load_state_dict(state["opt"])
            sched.load_state_dict(state["sched"])
            start = state["epoch"]
            print(f"{name}: resuming after epoch {start}")

    branch.train()
    for epoch in range(start, a.epochs):
        rng = random.Random(a.seed * 1000 + epoch)
        todo = batches(rows, feats, a.batch, rng)
        began, seen = time.time(), 0.0
        for step, part in enumerate(todo):
            texts = [disturbed[r["text"]] if r["text"] in disturbed and rng.random() < a.disturbed else r["text"] for r in part]
            x, lengths = feats.batch(texts)
            with torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16"):
                z, pooled = branch(x, lengths)
            z = {h: t.float() for h, t in z.items()}
            targets = None
            if soft:
                targets = {h: torch.stack([soft[t][h] for t in texts]) for h in heads}
            loss = losses(a.model, part, z, targets)
            if soft:
                theirs = torch.stack([vectors[t] for t in texts])
                loss = loss + (1 - F.cosine_similarity(pooled.float(), theirs)).mean()
            opt.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(branch.parameters(), 1.0)
            opt.step()
            sched.step()
            mean.update_parameters(branch)
            seen += loss.item()
            if (step + 1) % 25 == 0:
                took = time.time() - began
                left = took / (step + 1) * (len(todo) - step - 1)
                print(f"{name} epoch {epoch + 1}/{a.epochs} step {step + 1}/{len(todo)} loss {seen / 25:.3f} "
                      f"{took / (step + 1):.2f} s/step, {left / 60:.1f} min left", flush=True)  # fmt: skip
                seen = 0.0
        torch.save(
            {"branch": mean.module.state_dict(), "last": branch.state_dict(), "mean": mean.state_dict(), "opt": opt.state_dict(), "sched": sched.state_dict(), "epoch": epoch + 1,
             "epochs": a.epochs, "heads": heads, "picks": picks, "categories": categories, "args": vars(a)},
            checkpoint,
        )  # fmt: skip
        z, _ = predict(mean.module, [r["text"] for r in dev], feats)
        report = metrics.heads(z, dev)
        if go_dev:
            e, _ = predict(mean.module, [r["text"] for r in go_dev], feats)
            report["emotions"] = metrics.emotions(e["emotions"], go_dev)
        print(name, "dev", json.dumps(report), flush=True)


if __name__ == "__main__":
    np.seterr(all="raise")
    sys.stdout.reconfigure(line_buffering=True)
    main()

"""The labelled texts: our corpus and GoEmotions, as plain rows with integer targets.

A row is a dict with `text`, `source` and any of the targets `level`, `category`, `sentiment`,
`distress`, `emotions`; a target that a source does not know is absent, and the losses
mask it. The train/dev/test split of the corpus is the one written in the file
(corpus/README.md: a fixed hash of the `group`); GoEmotions keeps its own.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from pathlib import Path

LEVELS = ["none", "low", "medium", "high", "critical"]
SENTIMENTS = ["negative", "neutral", "positive"]
DISTRESS = ["none", "mild", "moderate", "severe"]
EMOTIONS = (
    "admiration amusement anger annoyance approval caring confusion curiosity desire "
    "disappointment disapproval disgust embarrassment excitement fear gratitude grief joy love "
    "nervousness optimism pride realization relief remorse sadness surprise neutral"
).split()
# Categories whose messages say nothing about a state of mind.
SMALL_TALK = {"neutral", "positive", "practical"}
# The authors' own grouping (Demszky et al. 2020, figure 2); ambiguous emotions take no side.
POSITIVE = set(
    "admiration amusement approval caring desire excitement gratitude joy love optimism pride relief".split()
)
NEGATIVE = set(
    "anger annoyance disappointment disapproval disgust embarrassment fear grief nervousness remorse sadness".split()
)


def split_of(group: str) -> str:
    """The split rule of the corpus; `corpus` refuses a file that disagrees with it."""
    h = int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 2**32
    return "test" if h < 0.15 else "dev" if h < 0.27 else "train"


def corpus(folder: Path) -> tuple[list[dict], list[str]]:
    """All rows of the folder's JSONL files, and the sorted list of their categories."""
    raw = []
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        for r in rows:
            if split_of(r["group"]) != r["split"]:
                raise SystemExit(f"{path}: {r['id']} is marked {r['split']}, its group says {split_of(r['group'])}")
        raw += [{**r, "source": path.stem} for r in rows]
    categories = sorted({r["category"] for r in raw})
    rows = [
        {
            "id": r["id"],
            "source": r["source"],
            "split": r["split"],
            "text": r["text"],
            "level": LEVELS.index(r["level"]),
            "category": categories.index(r["category"]),
            "sentiment": SENTIMENTS.index(r["sentiment"]),
            "distress": DISTRESS.index(r["distress"]),
            "small_talk": r["category"] in SMALL_TALK,
        }
        for r in raw
    ]
    return rows, categories


def goemotions(folder: Path, split: str) -> list[dict]:
    """One split of GoEmotions (`text<TAB>label ids<TAB>comment id`), with sentiment where it is clear."""
    rows = []
    for line in (folder / f"{split}.tsv").read_text(encoding="utf-8").splitlines():
        text, labels, _ = line.split("\t")
        ids = [int(i) for i in labels.split(",")]
        names = {EMOTIONS[i] for i in ids}
        row = {"text": text.replace("[NAME]", "sam").replace("[RELIGION]", "church"), "source": "goemotions", "split": split, "emotions": ids}
        if names == {"neutral"}:
            row["sentiment"] = 1
        elif names <= POSITIVE:
            row["sentiment"] = 2
        elif names <= NEGATIVE:
            row["sentiment"] = 0
        rows.append(row)
    return rows


def calm(rows: list[dict], n: int, seed: int) -> list[dict]:
    """`n` GoEmotions comments of purely positive or neutral labels, as extra level `none`."""
    pool = [r for r in rows if r.get("sentiment") in (1, 2)]
    picked = random.Random(seed).sample(pool, n)
    return [{**r, "source": "calm", "level": 0, "distress": 0} for r in picked]


def sample_emotions(rows: list[dict], n: int, seed: int) -> list[dict]:
    """`n` comments at random, and every comment with an emotion that fewer than 700 of all have."""
    counts = [0] * len(EMOTIONS)
    for r in rows:
        for e in r["emotions"]:
            counts[e] += 1
    picked = random.Random(seed).sample(rows, n)
    have = {r["text"] for r in picked}
    rare = [r for r in rows if r["text"] not in have and any(counts[e] < 700 for e in r["emotions"])]
    return picked + rare


def joined(rows: list[dict], n: int, seed: int) -> list[dict]:
    """`n` messages with harmless small talk before or after them: who greets first is in no less danger.

    A fifth of them has one to four words drawn from small talk instead, which belong to nothing.
    """
    rng = random.Random(seed)
    small = [r["text"] for r in rows if r["level"] == 0 and r["small_talk"] and len(r["text"]) < 90]
    words = sorted({w for text in small for w in re.findall(r"[a-z]{3,}", text)})
    out = []
    for r in rng.sample(rows, n):
        other = rng.choice(small) if rng.random() < 0.8 else " ".join(rng.sample(words, rng.randint(1, 4)))
        parts = [other, r["text"]] if rng.random() < 0.5 else [r["text"], other]
        out.append({**r, "source": "joined", "text": rng.choice([" ", ". ", "\n", " - ", ", "]).join(parts)})
    return out


KEYS = {
    "a": "qsz", "b": "vgn", "c": "xvd", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok",
    "j": "hku", "k": "jlo", "l": "kop", "m": "nj", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf",
    "s": "adw", "t": "ryg", "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xa",
}  # fmt: skip

LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "l": "1", "t": "7"}


def disturb(text: str, rng: random.Random) -> str:
    """The text as another hand might have typed it: same meaning, other surface.

    Strange spelling alone says nothing about distress, so calm rows are disturbed as often
    as the others.
    """
    out = text
    if rng.random() < 0.35:
        out = out.replace("'", "").replace("’", "")
    if rng.random() < 0.3:
        out = re.sub(r"[.,!?;:]+", "", out)
    if rng.random() < 0.15:
        out = out + rng.choice(["...", "!!", " 😭", " 💀", " lol", " fr", " idk", "."])
    if rng.random() < 0.12:
        out = rng.choice(["so ", "ok ", "honestly ", "ngl ", "i mean ", "like "]) + out
    chars = list(out)
    for _ in range(rng.choice([0, 1, 1, 2, 3]) if len(chars) > 12 else rng.choice([0, 0, 1])):
        i = rng.randrange(len(chars))
        c = chars[i].lower()
        if len(c) != 1 or not c.isascii() or not c.isalpha():
            continue
        kind = rng.random()
        if kind < 0.3 and i + 1 < len(chars) and chars[i + 1].isalpha():
            chars[i], chars[i + 1] = chars[i + 1], chars[i]
        elif kind < 0.55:
            chars[i] = ""
        elif kind < 0.75:
            chars[i] = rng.choice(KEYS[c])
        elif kind < 0.82 and c in LEET:
            chars[i] = LEET[c]
        elif kind < 0.9:
            chars[i] = chars[i] * rng.choice([2, 2, 4])
        else:
            chars[i] = chars[i] + " "
    return "".join(chars)

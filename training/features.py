"""The trunk's output for every text, computed once and kept on disk as float16."""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from network import HIDDEN, Trunk

MAX_TOKENS = 96


class Features:
    """Ragged store: text → trunk output [t, hidden] (float16, one flat tensor and offsets)."""

    def __init__(self, cache: Path, trunk: Trunk, tokenizer: Tokenizer) -> None:
        self.cache, self.trunk, self.tokenizer = cache, trunk, tokenizer
        self.flat: list[Tensor] = []
        self.where: dict[str, tuple[int, int, int]] = {}

    @torch.no_grad()
    def add(self, name: str, texts: list[str]) -> None:
        """Compute (or read back) the features of `texts` under a name of the cache."""
        key = hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:12]
        file = self.cache / f"{name}-{len(self.trunk.layers)}-{key}.pt"
        encodings = [e.ids[: MAX_TOKENS - 1] + e.ids[-1:] if len(e.ids) > MAX_TOKENS else e.ids
                     for e in self.tokenizer.encode_batch(texts)]  # fmt: skip
        lengths = [len(e) for e in encodings]
        starts, total = [], 0
        for n in lengths:
            starts.append(total)
            total += n
        if file.exists():
            flat = torch.load(file, mmap=True)
        else:
            flat = torch.empty(total, HIDDEN, dtype=torch.float16)
            order = sorted(range(len(texts)), key=lengths.__getitem__)
            began = time.time()
            for at in range(0, len(order), 64):
                rows = order[at : at + 64]
                t = max(lengths[i] for i in rows)
                ids = torch.ones(len(rows), t, dtype=torch.long)  # <pad> = 1
                for r, i in enumerate(rows):
                    ids[r, : lengths[i]] = torch.tensor(encodings[i])
                out = self.trunk(ids, torch.tensor([lengths[i] for i in rows])).half()
                for r, i in enumerate(rows):
                    flat[starts[i] : starts[i] + lengths[i]] = out[r, : lengths[i]]
                if at % 6400 == 0:
                    done = (at + 64) / len(order)
                    print(f"\rfeatures {name}: {done:5.1%} {time.time() - began:.0f} s", end="", file=sys.stderr, flush=True)
            print(file=sys.stderr)
            self.cache.mkdir(parents=True, exist_ok=True)
            torch.save(flat, file)
        self.flat.append(flat)
        for text, start, n in zip(texts, starts, lengths):
            self.where[text] = (len(self.flat) - 1, start, n)

    def length(self, text: str) -> int:
        return self.where[text][2]

    def batch(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """([b, t, hidden] float32, zero-padded; lengths [b])."""
        spots = [self.where[t] for t in texts]
        lengths = torch.tensor([n for _, _, n in spots])
        x = torch.zeros(len(texts), int(lengths.max()), HIDDEN)
        for r, (f, start, n) in enumerate(spots):
            x[r, :n] = self.flat[f][start : start + n].float()
        return x, lengths

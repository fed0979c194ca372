"""The network that is trained and shipped: one frozen trunk, three branches of their own.

    word embeddings + layers 0 … k-1 of all-mpnet-base-v2      trunk, frozen, shared
      ├─ layers k … of `depression`            → mean pool → level, category
      ├─ layers k … of `sentiment`             → mean pool → sentiment
      └─ layers k … of `emotional_distress`    → mean pool → distress, emotions

Because nothing below layer k is ever trained, its output for a text is computed once and kept
(features.py); training then costs only the branch. At run time the service computes the trunk
once a message for all three models. Word embeddings are put on their int8 grid *before*
training, so the shipped int8 table is exactly what the branches were trained on.

MPNet (Song et al. 2020, arXiv:2004.09297) is BERT with relative position buckets: one
[32, heads] table, shared by all layers, added to the attention scores.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HIDDEN, HEADS, FFN, EPS = 768, 12, 3072, 1e-5


def int8_grid(w: Tensor) -> tuple[Tensor, Tensor]:
    """Symmetric int8 per row: (q, scale) with w ≈ q·scale, |q| ≤ 127."""
    scale = w.abs().amax(dim=1).clamp_min(1e-12) / 127.0
    return torch.round(w / scale[:, None]).clamp(-127, 127).to(torch.int8), scale


class Layer(nn.Module):
    """One post-norm transformer layer; names follow the safetensors of transformers' MPNet."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.attention_norm = nn.LayerNorm(HIDDEN, eps=EPS)
        self.intermediate = nn.Linear(HIDDEN, FFN)
        self.output = nn.Linear(FFN, HIDDEN)
        self.output_norm = nn.LayerNorm(HIDDEN, eps=EPS)
        self.dropout = dropout

    NAMES = {
        "attention.attn.q": "q",
        "attention.attn.k": "k",
        "attention.attn.v": "v",
        "attention.attn.o": "o",
        "attention.LayerNorm": "attention_norm",
        "intermediate.dense": "intermediate",
        "output.dense": "output",
        "output.LayerNorm": "output_norm",
    }

    @classmethod
    def load(cls, weights: dict[str, Tensor], index: int, dropout: float = 0.1) -> "Layer":
        layer = cls(dropout)
        layer.load_state_dict(
            {f"{ours}.{part}": weights[f"encoder.layer.{index}.{theirs}.{part}"]
             for theirs, ours in cls.NAMES.items() for part in ("weight", "bias")}
        )  # fmt: skip
        return layer

    def export(self, index: int) -> dict[str, Tensor]:
        state = self.state_dict()
        return {f"encoder.layer.{index}.{theirs}.{part}": state[f"{ours}.{part}"].clone()
                for theirs, ours in self.NAMES.items() for part in ("weight", "bias")}  # fmt: skip

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x [b, t, hidden]; bias [b or 1, heads, t, t] = position bias + padding mask."""
        b, t, _ = x.shape
        q, k, v = (f(x).view(b, t, HEADS, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        drop = self.dropout if self.training else 0.0
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=drop)
        a = self.o(a.transpose(1, 2).reshape(b, t, HIDDEN))
        x = self.attention_norm(x + F.dropout(a, self.dropout, self.training))
        h = self.output(F.gelu(self.intermediate(x)))
        return self.output_norm(x + F.dropout(h, self.dropout, self.training))


def position_buckets(t: int) -> Tensor:
    """[t, t] bucket of (key − query), as in transformers' MPNet (32 buckets, distance ≤ 128)."""
    pos = torch.arange(t)
    n = -(pos[None, :] - pos[:, None])
    half, exact = 16, 8
    bucket = (n < 0).long() * half
    n = n.abs()
    large = exact + (torch.log(n.float().clamp_min(1) / exact) / math.log(128 / exact) * (half - exact)).long()
    return bucket + torch.where(n < exact, n, large.clamp_max(half - 1))


class Positions(nn.Module):
    """Position bias and padding mask in one additive [b, heads, t, t] tensor."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table)  # [32, heads]

    def forward(self, lengths: Tensor, t: int) -> Tensor:
        bias = self.table[position_buckets(t)].permute(2, 0, 1)[None]
        mask = torch.arange(t)[None, :] >= lengths[:, None]
        return bias + mask[:, None, None, :].float() * -1e9


class Trunk(nn.Module):
    """Embeddings and the first k layers, frozen, always in eval mode."""

    def __init__(self, weights: dict[str, Tensor], layers: int) -> None:
        super().__init__()
        q, scale = int8_grid(weights["embeddings.word_embeddings.weight"])
        self.register_buffer("words", q.float() * scale[:, None])
        self.register_buffer("places", weights["embeddings.position_embeddings.weight"])
        self.norm = nn.LayerNorm(HIDDEN, eps=EPS)
        self.norm.load_state_dict({p: weights[f"embeddings.LayerNorm.{p}"] for p in ("weight", "bias")})
        self.positions = Positions(weights["encoder.relative_attention_bias.weight"])
        self.layers = nn.ModuleList(Layer.load(weights, i) for i in range(layers))
        self.requires_grad_(False).eval()

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        t = ids.shape[1]
        x = self.norm(self.words[ids] + self.places[2 : 2 + t])
        bias = self.positions(lengths, t)
        for layer in self.layers:
            x = layer(x, bias)
        return x


class Branch(nn.Module):
    """The layers above the trunk of one model, its pooling and its heads."""

    def __init__(self, weights: dict[str, Tensor], picks: list[int], heads: dict[str, int], dropout: float = 0.1) -> None:
        super().__init__()
        self.positions = Positions(weights["encoder.relative_attention_bias.weight"])
        self.layers = nn.ModuleList(Layer.load(weights, i, dropout) for i in picks)
        self.heads = nn.ModuleDict({name: nn.Linear(HIDDEN, n) for name, n in heads.items()})
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """x [b, t, hidden] from the trunk → ({head: logits [b, n]}, pooled [b, hidden])."""
        t = x.shape[1]
        bias = self.positions(lengths, t)
        for layer in self.layers:
            x = layer(x, bias)
        keep = (torch.arange(t)[None, :] < lengths[:, None]).float()
        pooled = (x * keep[..., None]).sum(1) / lengths[:, None]
        dropped = self.dropout(pooled)
        return {name: head(dropped) for name, head in self.heads.items()}, pooled

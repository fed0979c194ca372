"""Tiny random models with the answers PyTorch transformers gives for them.

    pip install torch transformers safetensors tokenizers sentencepiece
    python bench/parity/make.py crates/encoder/tests/data

writes one folder a model (config.json, tokenizer.json, model.safetensors, expected.json), small
enough to commit: `bert` and `mpnet` with hidden states and our own heads, and below `classifiers`
plain sequence classification models of every family (see classifiers.py). The tests
`parity*.rs` of crates/encoder compare ash-encoder with them to 1e-4.
"""

import json
import random
import sys
from pathlib import Path

import classifiers
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, MPNetConfig, MPNetModel

WORDS = "the cat sat on a mat and we all went home to rest for some time . ! ? ,".split()
PIECES = WORDS + ["##s", "##ing", "##ed"] + list("bcdefghijklmnopqrstuvwxyz") + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz"]
TEXTS = [
    "the cat sat on a mat",
    "home",
    "We all went home, to rest! and the cats sat resting for some time.",
    " ".join(random.Random(5).choice(WORDS) for _ in range(150)),
]


def tokenizer(first: str, last: str, specials: list[str]) -> Tokenizer:
    vocab = {w: i for i, w in enumerate(specials + PIECES)}
    unknown = next(t for t in specials if "unk" in t.lower())
    t = Tokenizer(models.WordPiece(vocab, unk_token=unknown))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(first, vocab[first]), (last, vocab[last])]
    )
    return t


def scramble(model: torch.nn.Module) -> None:
    """Weights as large as trained ones: the default ±0.02 would hide errors."""
    for name, p in model.named_parameters():
        if "LayerNorm.weight" in name:
            torch.nn.init.uniform_(p, 0.7, 1.3)
        elif "embeddings" in name:
            torch.nn.init.normal_(p, std=0.6)
        else:
            torch.nn.init.normal_(p, std=0.25 if p.dim() > 1 else 0.1)


def write(folder: Path, config: dict, tok: Tokenizer, weights: dict, expected: list) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    tok.save(str(folder / "tokenizer.json"), pretty=False)
    save_file({k: v.detach().contiguous().clone() for k, v in weights.items()}, folder / "model.safetensors")
    (folder / "expected.json").write_text(json.dumps({"texts": expected}) + "\n")


@torch.no_grad()
def bert(folder: Path) -> None:
    tok = tokenizer("[CLS]", "[SEP]", ["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    config = BertConfig(
        vocab_size=tok.get_vocab_size(), hidden_size=24, num_hidden_layers=3, num_attention_heads=3, intermediate_size=48,
        max_position_embeddings=200, num_labels=3, id2label={0: "x", 1: "y", 2: "z"}, label2id={"x": 0, "y": 1, "z": 2},
    )  # fmt: skip
    model = BertForSequenceClassification(config).eval()
    scramble(model)
    rows = []
    for text in TEXTS:
        ids = torch.tensor([tok.encode(text).ids])
        rows.append({
            "text": text,
            "ids": ids[0].tolist(),
            "hidden": model.bert(ids).last_hidden_state[0].flatten().tolist() if len(rows) < 2 else [],
            "heads": {"classifier": model(ids).logits[0].tolist()},
        })  # fmt: skip
    c = config.to_dict()
    c["id2label"] = {str(k): v for k, v in c["id2label"].items()}
    weights = {k: v for k, v in model.state_dict().items() if "position_ids" not in k}
    write(folder / "bert", c, tok, weights, rows)


@torch.no_grad()
def mpnet(folder: Path) -> None:
    tok = tokenizer("<s>", "</s>", ["<s>", "<pad>", "</s>", "[UNK]"])
    config = MPNetConfig(
        vocab_size=tok.get_vocab_size(), hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=202, layer_norm_eps=1e-5, pad_token_id=1,
    )  # fmt: skip
    model = MPNetModel(config).eval()
    scramble(model)
    heads = {"mood": torch.nn.Linear(32, 5), "colour": torch.nn.Linear(32, 2)}
    rows = []
    for text in TEXTS:
        ids = torch.tensor([tok.encode(text).ids])
        hidden = model(ids).last_hidden_state[0]
        rows.append({
            "text": text,
            "ids": ids[0].tolist(),
            "hidden": hidden.flatten().tolist() if len(rows) < 2 else [],
            "heads": {n: h(hidden.mean(0)).tolist() for n, h in heads.items()},
        })  # fmt: skip
    weights = {k: v for k, v in model.state_dict().items() if "position_ids" not in k and "pooler" not in k}
    for name, head in heads.items():
        weights[f"heads.{name}.weight"], weights[f"heads.{name}.bias"] = head.weight, head.bias
    write(folder / "mpnet", config.to_dict(), tok, weights, rows)


if __name__ == "__main__":
    torch.manual_seed(3)
    target = Path(sys.argv[1])
    bert(target)
    mpnet(target)
    print(f"wrote {target}/bert and {target}/mpnet")
    classifiers.make_all(target / "classifiers")

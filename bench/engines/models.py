"""Random-weight models of full size, as Hugging Face directories, each also as our int8 file.

Nobody can be asked to download two gigabytes to time an engine, and speed does not depend on what
the weights say. Shapes are those of the published models; weights are transformers' own
initialisation from a fixed seed, then widened so that logits differ from pair to pair (at the
default ±0.02 every pair gets the same answer, and an engine that mixes pairs up would pass).
"""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    PreTrainedModel,
)

import words

SPECIALS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
NLI = {0: "entailment", 1: "neutral", 2: "contradiction"}
LABELS = {"num_labels": 3, "id2label": NLI, "label2id": {v: k for k, v in NLI.items()}}

# Name → rows of the word table. The third is multilingual: its table is twice as large.
DEBERTA = {"depression": 128_100, "sentiment": 128_100, "emotional_distress": 250_101}
BERT = {"bert": 30_522}


def deberta(vocabulary: int) -> PreTrainedModel:
    """DeBERTa-v3-base: 86 M parameters in layers, and the word table."""
    config = DebertaV2Config(
        vocab_size=vocabulary, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
        intermediate_size=3072, max_position_embeddings=512, type_vocab_size=0, layer_norm_eps=1e-7,
        relative_attention=True, position_buckets=256, max_relative_positions=-1, share_att_key=True,
        norm_rel_ebd="layer_norm", pos_att_type=["p2c", "c2p"], position_biased_input=False,
        pooler_hidden_size=768, pooler_hidden_act="gelu", pooler_dropout=0, **LABELS,
    )  # fmt: skip
    return DebertaV2ForSequenceClassification(config)


def bert(vocabulary: int) -> PreTrainedModel:
    """BERT-base with a sequence classification head."""
    return BertForSequenceClassification(BertConfig(vocab_size=vocabulary, **LABELS))


@torch.no_grad()
def widen(model: PreTrainedModel) -> None:
    """Weights as large as trained ones, so that attention and positions matter to the logits."""
    for name, p in model.named_parameters():
        if "classifier" in name and p.dim() > 1:
            p *= 10
        elif "rel_embeddings" in name or "embeddings.position" in name:
            p *= 5
        elif ".layer." in name and p.dim() > 1:
            p *= 2


def pieces(vocabulary: int) -> list[tuple[str, float]]:
    """Unigram pieces: short words whole, long ones in two, letters, then filler words.

    About 1.2 pieces a word, as the real tokenisers give for English.
    """
    texts = [words.MESSAGE, words.LONG, words.TEMPLATE, *(label for role in words.LABELS.values() for label in role)]
    found = sorted(set(re.findall(r"\w+|[^\w\s]", " ".join(texts))))
    out = {token: 0.0 for token in SPECIALS}
    for word in found:
        if len(word) < 8:
            out["▁" + word] = out[word] = -8.0
        else:
            out["▁" + word[:5]] = out[word[5:]] = -8.0
    for letter in "▁" + string.ascii_letters:
        out.setdefault(letter, -14.0)
    out |= {f"▁filler{i}": -30.0 for i in range(vocabulary - len(out))}
    return list(out.items())


def tokenizer(vocabulary: int) -> Tokenizer:
    """A Unigram tokeniser of as many pieces as the word table has rows, with BERT's pair template."""
    tok = Tokenizer(models.Unigram(pieces(vocabulary), unk_id=SPECIALS.index("[UNK]"), byte_fallback=False))
    tok.add_special_tokens(SPECIALS)
    tok.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Strip()])
    tok.pre_tokenizer = pre_tokenizers.Metaspace()
    tok.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(t, SPECIALS.index(t)) for t in ("[CLS]", "[SEP]")],
    )
    return tok


def ash_int8(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The layout that ash-encoder reads: `X` as i8 with one f32 scale a row in `X_scale`.

    Matrices of layers and the word table; heads, norms, biases and position tables stay f32.
    """
    out = {}
    for name, t in tensors.items():
        if t.dim() == 2 and (".layer." in name or "word_embeddings" in name):
            scale = t.abs().amax(1).clamp_min(1e-12) / 127
            out[name] = (t / scale[:, None]).round().to(torch.int8)
            out[f"{name}_scale"] = scale
        else:
            out[name] = t
    return {k: v.contiguous() for k, v in out.items()}


def make(name: str, folder: Path, int8_folder: Path, most_rows: int | None) -> PreTrainedModel:
    """Write model `name` to `folder`, and in our int8 layout to `int8_folder`.

    `most_rows` makes word tables smaller: sooner made and loaded, while a forward pass is the same
    work, since it reads only the rows of its tokens.
    """
    torch.manual_seed(sum(map(ord, name)))
    vocabulary = min((DEBERTA | BERT)[name], most_rows or sys.maxsize)
    model = (deberta if name in DEBERTA else bert)(vocabulary).eval()
    widen(model)
    model.save_pretrained(folder)
    tok = tokenizer(vocabulary)
    for place in (folder, int8_folder):
        place.mkdir(parents=True, exist_ok=True)
        tok.save(str(place / "tokenizer.json"), pretty=False)
    (int8_folder / "config.json").write_text((folder / "config.json").read_text())
    save_file(ash_int8(model.state_dict()), int8_folder / "model.safetensors")
    return model

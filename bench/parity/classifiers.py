"""Tiny random sequence classification models of every family, with the logits and the zero-shot scores
that PyTorch transformers gives for them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
import transformers
import vocabularies
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast, pipeline

SHORT = "the ferry leaves at nine"
MIDDLE = "Nobody told my sister that the gate was open, so the cat slept outside; are you coming to see her today?"
HYPOTHESIS = "This text is about travel."
TEMPLATE = "This text is about {}."
TOPICS = ["travel", "cooking", "the weather", "a match"]

# Whitespace, case, width, ligatures, accents written two ways, scripts, emoji, contractions, nothing.
ODD = [
    "", " ", "the  cat\n\nslept\ttwice ", " leading and   trailing  ", "Ａ ﬁne\u00a0day", "e\u0301té ÉTÉ, café", "draußen schneite es",
    "вечером у реки", "今日は雨です。", "two 😀👍🏽 of them", "we'll won't don't it's 3.14!!!", "a_b-c/d@e#f", "I\u200bam\ufeff here",
]  # fmt: skip

THREE = ["contradiction", "neutral", "entailment"]
ENTAILMENT_FIRST = ["entailment", "neutral", "contradiction"]
# The pipeline takes label 0 for the contradiction whatever it is called.
ENTAILMENT_IN_THE_MIDDLE = ["NEUTRAL", "ENTAILMENT", "CONTRADICTION"]
TWO = ["entailment", "not_entailment"]
TWO_REVERSED = ["not_entailment", "entailment"]

SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
POSITIONS = {"max_position_embeddings": 324}
V3 = {
    **SHAPE, **POSITIONS, "relative_attention": True, "share_att_key": True, "norm_rel_ebd": "layer_norm",
    "pos_att_type": "p2c|c2p", "position_biased_input": False, "max_relative_positions": -1, "type_vocab_size": 0,
}  # fmt: skip


@dataclass
class Tiny:
    """A model to make: its folder's name, its family in transformers, tokenizer, labels and config."""

    name: str
    family: str
    tokenizer: Callable[[], Tokenizer]
    labels: list[str]
    config: dict
    lengths: tuple[int, ...] = (280,)  # tokens of the long texts
    types: bool = False  # does the family's tokenizer give the model token types?


MODELS = [
    Tiny("bert", "Bert", vocabularies.bert, THREE, {**SHAPE, **POSITIONS}, types=True),
    Tiny("mpnet", "MPNet", vocabularies.mpnet, ENTAILMENT_FIRST, {**SHAPE, **POSITIONS, "pad_token_id": 1}),
    Tiny("roberta", "Roberta", vocabularies.roberta, THREE, {**SHAPE, **POSITIONS, "type_vocab_size": 1}),
    Tiny(
        "xlm-roberta", "XLMRoberta", vocabularies.xlm_roberta, ENTAILMENT_IN_THE_MIDDLE,
        {**SHAPE, **POSITIONS, "type_vocab_size": 1, "num_hidden_layers": 1},
    ),
    Tiny(
        "distilbert", "DistilBert", vocabularies.distilbert, TWO,
        {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "sinusoidal_pos_embds": True, **POSITIONS},
    ),
    Tiny(
        "deberta-v3", "DebertaV2", lambda: vocabularies.deberta(old_spelling=True), TWO,
        {**V3, "num_hidden_layers": 3, "position_buckets": 8}, types=True,
    ),
    Tiny(
        "deberta-v3-buckets-256", "DebertaV2", vocabularies.deberta, THREE,
        {**V3, "position_buckets": 256, "max_position_embeddings": 512}, (200, 280, 480), types=True,
    ),
    Tiny(
        "deberta-v2-conv", "DebertaV2", vocabularies.deberta_as_transformers_writes_it, THREE,
        {
            **V3, "position_buckets": 16, "conv_kernel_size": 3, "conv_act": "gelu", "position_biased_input": True,
            "type_vocab_size": 2, "embedding_size": 24, "pooler_hidden_act": "tanh",
        },
        types=True,
    ),
    Tiny(
        "deberta-own-projections", "DebertaV2", vocabularies.deberta, ENTAILMENT_FIRST,
        {**V3, "share_att_key": False, "norm_rel_ebd": "none", "pos_att_type": ["c2p", "p2c"], "max_relative_positions": 40},
        types=True,
    ),
    Tiny(
        "deberta-c2p", "DebertaV2", vocabularies.deberta, TWO_REVERSED,
        {**V3, "pos_att_type": "c2p", "position_buckets": 32}, types=True,
    ),
    Tiny(
        "deberta-p2c", "DebertaV2", vocabularies.deberta, TWO,
        {**V3, "share_att_key": False, "pos_att_type": "p2c", "position_buckets": 32, "num_hidden_layers": 1},
        types=True,
    ),
]  # fmt: skip


def scramble(model: torch.nn.Module) -> None:
    """Weights as large as trained ones, so that a wrong position or head shows; each a half-precision
    number, so that the file can be half as large and still exact."""
    for name, p in model.named_parameters():
        if p.dim() == 1 and "norm" in name.lower() and name.endswith("weight"):
            torch.nn.init.uniform_(p, 0.7, 1.3)
        elif "embeddings" in name and "sinusoidal" not in name:
            torch.nn.init.normal_(p, std=0.6)
        else:
            torch.nn.init.normal_(p, std=0.3 if p.dim() > 1 else 0.1)
        p.data = p.data.half().float()


def long_text(tokenizer: Tokenizer, tokens: int) -> str:
    """About as many tokens, in an order that no sentence has."""
    words = " ".join(s for s in vocabularies.SENTENCES if s.isascii()).split()
    text = words[0]
    while len(tokenizer.encode(text).ids) < tokens:
        text += " " + words[len(text) * 7 % len(words)]
    return text


def build(tiny: Tiny, tokenizer: Tokenizer) -> PreTrainedModel:
    labels = dict(enumerate(tiny.labels))
    config: PreTrainedConfig = getattr(transformers, f"{tiny.family}Config")(
        vocab_size=tokenizer.get_vocab_size(), id2label=labels, label2id={v: k for k, v in labels.items()}, **tiny.config
    )
    model = getattr(transformers, f"{tiny.family}ForSequenceClassification")(config).eval()
    positions = model.base_model.embeddings.position_embeddings if getattr(config, "sinusoidal_pos_embds", False) else None
    if positions is None:
        scramble(model)
    else:
        kept = positions.weight.detach().clone()
        scramble(model)
        positions.weight.data = kept
    return model


def inputs(tiny: Tiny, tokenizer: Tokenizer, first: str, second: str | None) -> dict:
    encoding = tokenizer.encode(first, second) if second else tokenizer.encode(first)
    given = {"input_ids": torch.tensor([encoding.ids]), "attention_mask": torch.ones(1, len(encoding.ids), dtype=torch.long)}
    return given | ({"token_type_ids": torch.tensor([encoding.type_ids])} if tiny.types else {})


@torch.no_grad()
def rows(tiny: Tiny, tokenizer: Tokenizer, model: PreTrainedModel) -> list[dict]:
    texts = [SHORT, MIDDLE, *(long_text(tokenizer, n) for n in tiny.lengths)]
    made = []
    for first, second in [(t, None) for t in texts] + [(t, HYPOTHESIS) for t in texts] + [(SHORT, MIDDLE)]:
        given = inputs(tiny, tokenizer, first, second)
        # What the second text is matters: a model that ignored it would give the same logits.
        made.append({
            "first": first, "second": second, "ids": given["input_ids"][0].tolist(),
            "types": given["token_type_ids"][0].tolist() if tiny.types else None, "logits": model(**given).logits[0].tolist(),
        })  # fmt: skip
    assert max(len(r["ids"]) for r in made) > 256, (tiny.name, [len(r["ids"]) for r in made])
    assert max(len(r["ids"]) for r in made) <= 512, tiny.name
    return made


def zero_shot(tiny: Tiny, tokenizer: Tokenizer, model: PreTrainedModel) -> list[dict]:
    spelling = next(s for s in ("[PAD]", "<pad>") if tokenizer.token_to_id(s) is not None)
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if tiny.types else [])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=spelling, model_input_names=names)
    pipe = pipeline("zero-shot-classification", model=model, tokenizer=fast, device="cpu")
    made = []
    for premise in (SHORT, MIDDLE):
        for labels, multi_label in [(TOPICS, False), (TOPICS, True), (TOPICS[:1], False)]:
            answer = pipe(premise, candidate_labels=labels, hypothesis_template=TEMPLATE, multi_label=multi_label)
            scores = dict(zip(answer["labels"], answer["scores"]))
            made.append({
                "premise": premise, "labels": labels, "multi_label": multi_label, "scores": [scores[l] for l in labels],
            })  # fmt: skip
    return made


def make(tiny: Tiny, folder: Path) -> None:
    tokenizer = tiny.tokenizer()
    model = build(tiny, tokenizer)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(model.config.to_json_string(use_diff=True))
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    weights = {k: v.detach().contiguous().clone() for k, v in model.state_dict().items() if "position_ids" not in k}
    # Sinusoids are no half-precision numbers: what is not stays whole.
    halves = {k: v.half() if torch.equal(v.half().float(), v) else v for k, v in weights.items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    odd = [{"text": text, "ids": tokenizer.encode(text).ids} for text in ODD]
    expected = {"template": TEMPLATE, "odd": odd, "rows": rows(tiny, tokenizer, model), "zero_shot": zero_shot(tiny, tokenizer, model)}
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")


def make_all(folder: Path) -> None:
    for seed, tiny in enumerate(MODELS):
        torch.manual_seed(100 + seed)
        make(tiny, folder / tiny.name)
        print(f"wrote {folder / tiny.name}")

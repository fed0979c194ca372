"""Tiny tokenizers of every kind that the supported families use, trained on a few sentences of our own.

Each is laid out as the family's real `tokenizer.json` is: the same model, normaliser, pre-tokenizer
and post-processor, so that what loads and splits these loads and splits those.
"""

import base64
import io
import json
import tempfile
from collections import Counter
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SENTENCES = [
    "the ferry leaves at nine and comes back before the rain",
    "Nobody told the gardener that the gate was open all night.",
    "we painted the kitchen yellow, and the cat slept through it",
    "are you coming to the match? I have two tickets left!",
    "my sister baked bread; it was gone within the hour",
    "the train was late again, so we walked along the river",
    "This text is about cooking. This text is about travel.",
    "das Fenster war offen, und draußen schneite es",
    "la ville était calme, le café fermé",
    "вечером мы гуляли у реки",
    "今日は雨です。",
    "ten green bottles, 3 red ones and 17 more in the cellar",
]
SIZE = 260  # words of the WordPiece vocabularies


def word_pieces(specials: dict[str, str]) -> Tokenizer:
    """BERT, DistilBERT and MPNet: `specials` maps pad, unk, cls, sep, mask to their spelling."""
    t = Tokenizer(models.WordPiece(unk_token=specials["unk"]))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece()
    # Not by the library's trainer, which breaks ties at random.
    normal = [t.normalizer.normalize_str(s) for s in SENTENCES]
    counts = Counter(word for s in normal for word, _ in t.pre_tokenizer.pre_tokenize_str(s))
    letters = sorted({c for word in counts for c in word})
    pieces = [*specials.values(), *letters, *("##" + c for c in letters), *(f"##{s}" for s in ("ing", "ed", "en", "er"))]
    words = sorted((w for w in counts if len(w) > 1), key=lambda w: (-counts[w], w))
    pieces += words[: SIZE - len(pieces)]
    t.model = models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token=specials["unk"])
    t.add_special_tokens(list(specials.values()))
    return t


def bert() -> Tokenizer:
    t = word_pieces({"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"})
    special = [(s, t.token_to_id(s)) for s in ("[CLS]", "[SEP]")]
    t.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=special
    )
    return t


def distilbert() -> Tokenizer:
    """As DistilBERT's file has it: BertProcessing in place of a template."""
    t = bert()
    t.post_processor = processors.BertProcessing(
        ("[SEP]", t.token_to_id("[SEP]")), ("[CLS]", t.token_to_id("[CLS]"))
    )
    return t


def mpnet() -> Tokenizer:
    t = word_pieces({"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "[UNK]", "mask": "<mask>"})
    t.post_processor = processors.RobertaProcessing(
        ("</s>", t.token_to_id("</s>")), ("<s>", t.token_to_id("<s>")), trim_offsets=True, add_prefix_space=False
    )
    return t


def roberta() -> Tokenizer:
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    specials = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True)]
    # The alphabet of all 256 bytes fills most of the vocabulary.
    t.train_from_iterator(
        SENTENCES,
        trainers.BpeTrainer(
            vocab_size=320, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        ),
    )
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return t


def unigram() -> tuple[list[tuple[str, float]], bytes]:
    """Pieces with scores, and a SentencePiece character map (of three rules; a real one has thousands)."""
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.tsv"
        # Fullwidth A → A, the ligature ﬁ → fi, a no-break space → a space.
        rules.write_text("FF21\t41\nFB01\t66 69\nA0\t20\n")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES), model_writer=model, model_type="unigram", vocab_size=180,
            normalization_rule_tsv=str(rules), hard_vocab_limit=False, minloglevel=2, num_threads=1,
        )  # fmt: skip
    proto = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    pieces = [(proto.id_to_piece(i), proto.get_score(i)) for i in range(proto.get_piece_size()) if not proto.is_control(i)]
    return [p for p in pieces if p[0] != "<unk>"], character_map(model.getvalue())


def character_map(model: bytes) -> bytes:
    """`normalizer_spec.precompiled_charsmap` of a SentencePiece model file (field 3, in it field 2)."""
    return field(field(model, 3), 2)


def field(message: bytes, number: int) -> bytes:
    """The length-delimited field `number` of a protocol buffers message."""

    def varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (message[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if message[at - 1] < 128:
                return value, at

    at = 0
    while at < len(message):
        key, at = varint(at)
        if key & 7 == 2:
            size, at = varint(at)
            if key >> 3 == number:
                return message[at : at + size]
            at += size
        elif key & 7 == 0:
            _, at = varint(at)
        else:
            at += 8 if key & 7 == 1 else 4
    raise ValueError(f"no field {number}")


def xlm_roberta() -> Tokenizer:
    pieces, charmap = unigram()
    vocab = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *pieces, ("<mask>", 0.0)]
    t = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=False))
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(charmap), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
    ])  # fmt: skip
    t.decoder = decoders.Metaspace()
    t.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True)])
    t.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return t


def deberta(old_spelling: bool = False) -> Tokenizer:
    """DeBERTa v2 and v3. With `old_spelling`, as files of 2021 say it (`add_prefix_space`)."""
    pieces, charmap = unigram()
    vocab = [("[PAD]", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[UNK]", 0.0), *pieces, ("[MASK]", 0.0)]
    t = Tokenizer(models.Unigram(vocab, unk_id=3, byte_fallback=False))
    t.normalizer = normalizers.Sequence([
        normalizers.Strip(left=True, right=True), normalizers.Precompiled(charmap), normalizers.Replace(Regex(" {2,}"), " "),
    ])  # fmt: skip
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")])
    t.decoder = decoders.Metaspace()
    t.add_special_tokens(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"])
    t.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    if old_spelling:
        spec = json.loads(t.to_str())
        spec["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}
        t = Tokenizer.from_str(json.dumps(spec))
    return t


def deberta_as_transformers_writes_it() -> Tokenizer:
    """DeBERTa's tokenizer as transformers 5 builds it: another normaliser, by regular expression."""
    t = deberta()
    t.normalizer = normalizers.Sequence([
        normalizers.Replace(Regex(r"\s{2,}|[\n\r\t]"), " "), normalizers.NFC(), normalizers.Strip(left=False, right=True),
    ])  # fmt: skip
    return t

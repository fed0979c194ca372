"""The zero-shot pipeline of transformers as the old service called it: one call a model, batch_size 1.

It gets text, not ids, and its answer is the score of each label, not logits: tokenising and the
softmax are part of what the old service paid for a message.
"""

from __future__ import annotations

from pathlib import Path

import torch
import transformers

import serve


class Pipeline:
    """One `zero-shot-classification` pipeline a model, with transformers' defaults."""

    version = f"torch {torch.__version__}, transformers {transformers.__version__}"

    def __init__(self) -> None:
        self.pipelines: dict[str, transformers.Pipeline] = {}

    def load(self, source: dict, folder: Path) -> None:
        path = folder / source["huggingface"]["f32"]
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(path / "tokenizer.json"), model_max_length=512,
            pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]",
            model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        )  # fmt: skip
        model = transformers.AutoModelForSequenceClassification.from_pretrained(path)
        pipeline = transformers.pipeline("zero-shot-classification", model=model, tokenizer=tokenizer)
        self.pipelines[source["name"]] = pipeline

    def prepare(self, part: dict) -> None:
        return None

    def logits(self, part: dict, prepared: None) -> list[float]:
        answer = self.pipelines[part["model"]](
            part["premise"], part["labels"], hypothesis_template=part["template"]
        )
        scores = dict(zip(answer["labels"], answer["scores"]))
        return [scores[label] for label in part["labels"]]


if __name__ == "__main__":
    arguments = serve.arguments()
    torch.set_num_threads(arguments.threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    serve.serve(arguments.inputs, Pipeline())

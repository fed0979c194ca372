"""PyTorch transformers, one padded forward pass a model."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers

import serve


class Torch:
    """`AutoModelForSequenceClassification` with transformers' defaults, under `inference_mode`."""

    version = f"torch {torch.__version__}, transformers {transformers.__version__}"

    def __init__(self) -> None:
        self.models: dict[str, torch.nn.Module] = {}

    def load(self, source: dict, folder: Path) -> None:
        path = folder / source["huggingface"]["f32"]
        self.models[source["name"]] = transformers.AutoModelForSequenceClassification.from_pretrained(path).eval()

    def prepare(self, part: dict) -> dict[str, torch.Tensor]:
        return {k: torch.tensor(v) for k, v in serve.padded(part).items()}

    @torch.inference_mode()
    def logits(self, part: dict, prepared: dict[str, torch.Tensor]) -> list[float]:
        return self.models[part["model"]](**prepared).logits.flatten().tolist()


if __name__ == "__main__":
    arguments = serve.arguments()
    torch.set_num_threads(arguments.threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    serve.serve(arguments.inputs, Torch())

"""Export to ONNX, quantise, and check the export against PyTorch."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import PreTrainedModel

NAMES = ["input_ids", "attention_mask", "token_type_ids"]


def example(model: PreTrainedModel, shape: tuple[int, int]) -> tuple[torch.Tensor, ...]:
    """Random inputs whose second row is half padding; types only for a model that has them."""
    ids = torch.randint(5, 500, shape)
    mask = torch.ones_like(ids)
    mask[1:2, shape[1] // 2 :] = 0
    types = torch.zeros_like(ids)
    types[:, shape[1] // 3 :] = 1
    return (ids, mask, types)[: 3 if model.config.type_vocab_size > 0 else 2]


@torch.no_grad()
def export(model: PreTrainedModel, file: Path) -> None:
    """By tracing, with batch and length dynamic; raises if logits differ from PyTorch's by 1e-3."""
    file.parent.mkdir(parents=True, exist_ok=True)
    inputs = example(model, (3, 20))
    names = NAMES[: len(inputs)]
    axes = {name: {0: "batch", 1: "length"} for name in names} | {"logits": {0: "batch"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, inputs, str(file), input_names=names, output_names=["logits"], dynamic_axes=axes,
            opset_version=17, dynamo=False,
        )  # fmt: skip
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    for shape in [(3, 20), (1, 7), (2, 150)]:
        inputs = example(model, shape)
        expected = model(*inputs).logits
        found = session.run(None, {n: t.numpy() for n, t in zip(names, inputs)})[0]
        drift = float((expected - torch.from_numpy(found)).abs().max())
        if drift > 1e-3:
            raise SystemExit(f"{file.name}: the export differs from PyTorch by {drift:.1e} at {shape}")


def quantise(source: Path, file: Path) -> None:
    """ONNX Runtime's dynamic quantisation, one scale a channel.

    Weights get 7 bits on a CPU without VNNI, where sums of 8-bit products would saturate.
    """
    logging.disable(logging.WARNING)  # it advises a pre-processing pass that is for static quantisation
    vnni = "vnni" in Path("/proc/cpuinfo").read_text()
    quantize_dynamic(source, file, per_channel=True, reduce_range=not vnni, weight_type=QuantType.QInt8)
    logging.disable(logging.NOTSET)

"""Make models, ONNX files and inputs in a folder: `python make.py FOLDER [MODEL…]`.

Writes FOLDER/inputs.json (models and cases) when all is there. Needs about 9 GB of disk.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer

import cases
import models
import onnx_files


def source(name: str, shape: dict) -> dict:
    """Where the files of a model lie, relative to inputs.json, and its shape."""
    return {
        "name": name,
        "huggingface": {"f32": f"models/{name}", "int8": f"models/{name}-int8"},
        "onnx": {"f32": f"onnx/{name}.f32.onnx", "int8": f"onnx/{name}.int8.onnx"},
        **{k: shape[k] for k in ("model_type", "num_hidden_layers", "hidden_size", "intermediate_size")},
        "parameters": shape["parameters"],
    }


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inputs.json").unlink(missing_ok=True)
    torch.set_num_threads(2)
    sources, tokenizers = [], {}
    for name in models.DEBERTA | models.BERT:
        paths = source(name, dict.fromkeys(["model_type", "num_hidden_layers", "hidden_size", "intermediate_size", "parameters"]))
        print(f"making {name}: weights", file=sys.stderr, flush=True)
        model = models.make(name, *(folder / paths["huggingface"][p] for p in ("f32", "int8")))
        print(f"making {name}: ONNX f32", file=sys.stderr, flush=True)
        onnx_files.export(model, folder / paths["onnx"]["f32"])
        shape = model.config.to_dict() | {"parameters": model.num_parameters()}
        del model
        print(f"making {name}: ONNX int8", file=sys.stderr, flush=True)
        onnx_files.quantise(*(folder / paths["onnx"][p] for p in ("f32", "int8")))
        sources.append(source(name, shape))
        tokenizers[name] = Tokenizer.from_file(str(folder / paths["huggingface"]["f32"] / "tokenizer.json"))
    inputs = {"models": sources, "cases": cases.make(tokenizers)}
    (folder / "inputs.json").write_text(json.dumps(inputs) + "\n")


if __name__ == "__main__":
    main()

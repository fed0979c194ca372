"""Make models, ONNX files and inputs in a folder: `python make.py FOLDER [MOST_ROWS]`.

Writes FOLDER/inputs.json (models and cases) when all is there. Needs 7.3 GB of disk, with word tables
of at most 32,000 rows 4.7 GB.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import transformers
from tokenizers import Tokenizer

import cases
import models
import onnx_files

SHAPE = ["model_type", "num_hidden_layers", "hidden_size", "intermediate_size", "vocab_size"]


def paths(name: str) -> dict:
    """Where the files of a model lie, relative to inputs.json."""
    return {
        "huggingface": {"f32": f"models/{name}", "int8": f"models/{name}-int8"},
        "onnx": {"f32": f"onnx/{name}.f32.onnx", "int8": f"onnx/{name}.int8.onnx"},
    }


def one(name: str, folder: Path, most_rows: int | None) -> dict:
    """Make one model in every form; what inputs.json says of it."""
    places = paths(name)
    huggingface, onnx = ([folder / places[kind][p] for p in ("f32", "int8")] for kind in ("huggingface", "onnx"))
    print(f"making {name}: weights", file=sys.stderr, flush=True)
    model = models.make(name, *huggingface, most_rows)
    print(f"making {name}: ONNX f32", file=sys.stderr, flush=True)
    onnx_files.export(model, onnx[0])
    shape = {key: getattr(model.config, key) for key in SHAPE} | {"parameters": model.num_parameters()}
    del model
    print(f"making {name}: ONNX int8", file=sys.stderr, flush=True)
    onnx_files.quantise(*onnx)
    return {"name": name} | places | shape


def main() -> None:
    folder = Path(sys.argv[1])
    most_rows = int(sys.argv[2]) if len(sys.argv) > 2 else None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inputs.json").unlink(missing_ok=True)
    transformers.utils.logging.disable_progress_bar()
    sources = [one(name, folder, most_rows) for name in models.DEBERTA | models.BERT]
    tokenizers = {
        s["name"]: Tokenizer.from_file(str(folder / s["huggingface"]["f32"] / "tokenizer.json")) for s in sources
    }
    inputs = {"models": sources, "cases": cases.make(tokenizers)}
    (folder / "inputs.json").write_text(json.dumps(inputs) + "\n")


if __name__ == "__main__":
    main()

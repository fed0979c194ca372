"""ONNX Runtime, one padded forward pass a model; f32 or dynamically quantised int8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

import serve


class OnnxRuntime:
    """A CPU session a model with every graph optimisation (the default) and `threads` threads."""

    version = f"onnxruntime {onnxruntime.__version__}"

    def __init__(self, precision: str, threads: int) -> None:
        self.precision = precision
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.log_severity_level = 3
        self.sessions: dict[str, onnxruntime.InferenceSession] = {}

    def load(self, source: dict, folder: Path) -> None:
        path = folder / source["onnx"][self.precision]
        session = onnxruntime.InferenceSession(str(path), self.options, providers=["CPUExecutionProvider"])
        self.sessions[source["name"]] = session

    def prepare(self, part: dict) -> dict[str, np.ndarray]:
        takes = {i.name for i in self.sessions[part["model"]].get_inputs()}
        return {k: np.array(v, dtype=np.int64) for k, v in serve.padded(part).items() if k in takes}

    def logits(self, part: dict, prepared: dict[str, np.ndarray]) -> list[float]:
        return self.sessions[part["model"]].run(None, prepared)[0].flatten().tolist()


if __name__ == "__main__":
    arguments = serve.arguments()
    serve.serve(arguments.inputs, OnnxRuntime(arguments.precision, arguments.threads))

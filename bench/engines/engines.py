"""What is compared: each engine is a worker process in one precision."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Engine:
    """One engine in one precision."""

    name: str
    precision: str
    what: str

    @property
    def key(self) -> str:
        """`onnxruntime-int8`."""
        return f"{self.name}-{self.precision}"

    @property
    def answers_scores(self) -> bool:
        """Does it answer label scores instead of logits?"""
        return self.name == "pipeline"


OURS = Engine("ash", "int8", "ash-encoder, ragged batch, int8 weights and activations")
OURS_F32 = Engine("ash", "f32", "ash-encoder, ragged batch")
ALL = [
    OURS,
    OURS_F32,
    Engine("pipeline", "f32", "transformers zero-shot pipeline, one pair at a time, as the old service calls it"),
    Engine("torch", "f32", "PyTorch transformers, one padded batch a model"),
    Engine("onnxruntime", "f32", "ONNX Runtime, one padded batch a model"),
    Engine("onnxruntime", "int8", "ONNX Runtime, dynamic quantisation, a scale a channel"),
    Engine("rten", "f32", "rten, one padded batch a model, weights prepacked"),
    Engine("rten", "int8", "rten on ONNX Runtime's int8 file"),
]


def chosen(names: list[str] | None) -> list[Engine]:
    """Engines by name (`rten`) or name and precision (`rten-int8`); all without a choice."""
    known = {e.name for e in ALL} | {e.key for e in ALL}
    for name in names or []:
        if name not in known:
            raise SystemExit(f"no engine {name!r}; there are {', '.join(e.key for e in ALL)}")
    return [e for e in ALL if names is None or e.name in names or e.key in names]


def target() -> Path:
    """Where cargo builds."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()


def command(engine: Engine, python: str) -> list[str]:
    """The worker's command line, without the arguments that all share."""
    release = target() / "release"
    if engine.name == "ash":
        return [str(release / "examples/engine_worker")]
    if engine.name == "rten":
        return [str(release / "rten-worker")]
    return [python, str(HERE / f"worker_{engine.name}.py")]


def builds(engines: list[Engine]) -> list[list[str]]:
    """The cargo commands that make the workers of these engines."""
    names = {e.name for e in engines}
    cargo = ["cargo", "build", "--release", "--locked", "--target-dir", str(target())]
    out = []
    if "ash" in names:
        manifest = str(ROOT / "Cargo.toml")
        out.append([*cargo, "--manifest-path", manifest, "-p", "ash-encoder", "--example", "engine_worker"])
    if "rten" in names:
        out.append([*cargo, "--manifest-path", str(HERE / "rten/Cargo.toml")])
    return out

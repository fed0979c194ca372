"""The orchestrator's side of the protocol: one process an engine, only one of them awake.

Thread pools spin for a while after their last work, each in its own way. Instead of asking every
engine to change its ways, all workers but the one that is measured are stopped (SIGSTOP).
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import subprocess
from pathlib import Path

from engines import Engine, command


def die_with_parent() -> None:
    """In the child: be killed when the parent is gone, so that no stopped worker is left behind."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Worker:
    """A running worker that has loaded its models."""

    def __init__(self, engine: Engine, inputs: Path, threads: int, python: str) -> None:
        self.engine = engine
        arguments = ["--inputs", str(inputs), "--precision", engine.precision, "--threads", str(threads)]
        counts = dict.fromkeys(["OMP_NUM_THREADS", "RAYON_NUM_THREADS", "RTEN_NUM_THREADS"], str(threads))
        self.process = subprocess.Popen(
            command(engine, python) + arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent,
            env=os.environ | counts | {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"},
        )  # fmt: skip
        ready = self._answer()
        self.load_ms: dict[str, float] = ready["load_ms"]
        self.version: str = ready["version"]
        self._sleep()

    def logits(self, case: str) -> list[list[float]]:
        """The logits of a case, one row-major list a part."""
        return self._ask({"case": case, "logits": True})["logits"]

    def time(self, case: str, rounds: int) -> list[float]:
        """Milliseconds of each of `rounds` runs."""
        return self._ask({"case": case, "rounds": rounds})["ms"]

    def machine_limit(self) -> dict[str, float]:
        """10⁹ operations a second that the machine could do at most; only our own worker measures it."""
        return self._ask({"peak": True})["peak"]

    def peak_rss_mib(self) -> float:
        """The most memory that the process ever held, mapped files included."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else float("nan")

    def close(self) -> None:
        """End the process, by force if it does not end by itself."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _ask(self, request: dict) -> dict:
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        self._sleep()
        return answer

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.engine.key}: the worker ended with status {self.process.wait()}")
        return json.loads(line)

    def _sleep(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

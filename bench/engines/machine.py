"""On what, when and with what a figure was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import date
from pathlib import Path

from engines import ROOT

# The vector extensions that decide how fast these engines are.
FLAGS = ["avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "asimddp", "i8mm", "sve"]


def machine() -> str:
    """Processor, cores, extensions."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.+)$", info, re.M)
    model = model[1] if model else platform.machine()
    flags = set(" ".join(re.findall(r"^(?:flags|Features)\s*:\s*(.+)$", info, re.M)).split())
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {model} ({', '.join(f for f in FLAGS if f in flags) or 'no vector extensions'})"


def software() -> str:
    """Kernel, compiler, and the commit of this project."""
    parts = [f"Linux {platform.release().split('-')[0]}", output(["rustc", "--version"]).split(" (")[0]]
    commit = output(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"])
    if commit:
        changed = output(["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no"])
        parts.append(f"commit {commit}{' with changes' if changed else ''}")
    return ", ".join(p for p in parts if p)


def today() -> str:
    """2026-11-25."""
    return date.today().isoformat()


def load_average() -> float:
    """How busy the machine was in the last minute: near 0 before a run that is to be trusted."""
    return os.getloadavg()[0]


def output(command: list[str]) -> str:
    """What a command prints, or nothing if there is no such command."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""

"""What decides whether two processes compute the same: the code, and what it computes with."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Version:
    """Versions, the processor's architecture, and the digest of the package's own code."""

    neurodeploy: str
    code: str
    python: str
    numpy: str
    architecture: str

    def __str__(self) -> str:
        return (
            f"neurodeploy {self.neurodeploy} (code {self.code}), python {self.python}, numpy {self.numpy}, "
            f"{self.architecture}"
        )


@cache
def version() -> Version:
    """That of this process."""
    python = ".".join(map(str, sys.version_info[:2]))
    return Version(installed("neurodeploy"), _code(), python, np.__version__, platform.machine())


def _code() -> str:
    """Digest of every source file of the package."""
    root = Path(__file__).parents[1]
    digest = sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]

"""Built-in targets. In a checkout they stand in the top-level ``targets/`` folder; in the wheel, beside this file.

The package is also what ``neurodeploy.targets()`` calls: it lists every installed target, built in or not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_checkout = Path(__file__).resolve().parents[2] / "targets"
if _checkout.is_dir() and (_checkout.parent / "pyproject.toml").is_file():
    __path__.append(str(_checkout))


class _CallablePackage(ModuleType):
    def __call__(self) -> Any:
        """Every installed target by name, with its availability."""
        from neurodeploy.target import installed_targets

        return installed_targets()


sys.modules[__name__].__class__ = _CallablePackage

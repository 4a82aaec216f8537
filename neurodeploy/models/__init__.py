"""Reference networks. In a checkout they stand in the top-level ``models/`` folder; in the wheel, beside this file.

The package is also what ``neurodeploy.models()`` calls: it lists every installed reference network, built in or not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_checkout = Path(__file__).resolve().parents[2] / "models"
if _checkout.is_dir() and (_checkout.parent / "pyproject.toml").is_file():
    __path__.append(str(_checkout))


class _CallablePackage(ModuleType):
    def __call__(self) -> Any:
        """Every installed reference network by name, or the reason why it cannot be imported."""
        from neurodeploy.model import installed_models

        return installed_models()


sys.modules[__name__].__class__ = _CallablePackage

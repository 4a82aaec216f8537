"""Reference networks. In a checkout they stand in the top-level ``models/`` folder; in the wheel, beside this file."""

from pathlib import Path

_checkout = Path(__file__).resolve().parents[2] / "models"
if _checkout.is_dir() and (_checkout.parent / "pyproject.toml").is_file():
    __path__.append(str(_checkout))

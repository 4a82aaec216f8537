"""Whether PyTorch and Norse can be imported."""

from __future__ import annotations

from neurodeploy.errors import UnavailableError


def need_torch() -> None:
    """Raises UnavailableError naming the extra where torch or norse is missing."""
    try:
        import norse  # noqa: F401  # pyright: ignore[reportUnusedImport]
        import torch  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        remedy = 'pip install "neurodeploy[torch]"'
        raise UnavailableError(f"PyTorch sources need the extra 'torch': {error}", remedy=remedy) from error

"""Whether PyTorch and Norse can be imported."""

from __future__ import annotations

from neurodeploy.extras import missing_extra


def need_torch() -> None:
    """Raises UnavailableError naming the extra where torch or norse is missing."""
    try:
        import norse  # noqa: F401  # pyright: ignore[reportUnusedImport]
        import torch  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise missing_extra("torch", f"PyTorch sources need the extra 'torch': {error}") from error

"""What tests of counted blocks share."""

import numpy as np


def turned(array: np.ndarray) -> np.ndarray:
    """The same numbers ``(B, T, C, *places)``, lying channels last."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 2, -1)), -1, 2)

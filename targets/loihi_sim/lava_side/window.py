"""When a population acts: one window of steps per sample, run back to back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Columns ``first + k * period`` .. ``+ steps - 1`` belong to sample ``k``; columns count from 0."""

    first: int
    steps: int
    period: int

    def place(self, column: int) -> tuple[int, int] | None:
        """Sample and step of ``column``, or None between windows."""
        if column < self.first:
            return None
        sample, step = divmod(column - self.first, self.period)
        return (sample, step) if step < self.steps else None

"""A picture of a signal, its spikes, and what is rebuilt from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.atomic import write_file
from neurodeploy.encoding.arrays import as_array
from neurodeploy.errors import InputError
from neurodeploy.picture import drawing, new_picture

SIGNAL, REBUILT, UP, DOWN = "#4c566a", "#c2410c", "#2f6fb0", "#b0413e"
MOST = 8
"""Signals in one picture; more would be too small to read."""
ROW, LEAST, TALLEST = 0.1, 0.65, 40.0
"""Inches: a row of spikes, the least that one signal's rows have, and the most that those of all signals have."""


def picture(
    signal: Any, spikes: Any, reconstruction: Any = None, path: Path | str | None = None, title: str = ""
) -> Any:
    """Draw one panel per signal: it and its reconstruction above, spikes below, at most eight signals of ``[F, T]``.

    Arguments are ``[T]`` or ``[F, T]``; where a signal has several channels of spikes, each gets a row. With ``path``
    the figure is written, as its suffix says (``.svg``, ``.png``, ``.pdf``). Returns the matplotlib figure. Raises
    InputError for other shapes and suffixes, UnavailableError without matplotlib.
    """
    signals, fired = _rows(signal, "signal"), _rows(spikes, "spikes")
    back = None if reconstruction is None else _rows(reconstruction, "reconstruction")
    if len(fired) % len(signals) or (back is not None and back.shape != signals.shape):
        raise InputError(
            f"{signals.shape} signals do not fit {fired.shape} spikes", "picture", "give what belongs together"
        )
    channels, shown = len(fired) // len(signals), min(len(signals), MOST)
    height = min(max(ROW * channels, LEAST), TALLEST / shown)
    figure = new_picture(9, 0.4 + (1.95 + height) * shown, "encoding")
    panels = figure.subplots(2 * shown, 1, height_ratios=[1.95, height] * shown, squeeze=False)[:, 0]
    for n in range(shown):
        upper, lower = panels[2 * n], panels[2 * n + 1]
        _draw_signal(
            upper, signals[n], None if back is None else back[n], f"signal {n}" if len(signals) > 1 else "signal"
        )
        _draw_spikes(lower, fired[n * channels : (n + 1) * channels], signals.shape[1], height)
        upper.set_xticklabels([])
    panels[-1].set_xlabel("sample")
    figure.suptitle(title or f"{np.count_nonzero(fired)} spikes for {signals.size} samples", fontsize="medium")
    rebuilt = "" if back is None else ", and what is rebuilt from them"
    figure.alt = (
        f"{shown} signals of {signals.shape[1]} samples, their {np.count_nonzero(fired)} spikes{rebuilt}. {title}"
    )
    if path is not None:
        write_file(Path(path), drawing(figure, Path(path)))
    return figure


def _rows(values: Any, name: str) -> NDArray[Any]:
    array = as_array(values, name)[0]
    if array.ndim not in (1, 2) or array.size == 0:
        raise InputError(f"has shape {array.shape}", name, "give [T] or [F, T]; of a batch, one at a time")
    return np.atleast_2d(array)


def _draw_signal(axes: Any, signal: NDArray[Any], back: NDArray[Any] | None, label: str) -> None:
    axes.plot(signal, color=SIGNAL, linewidth=1.4, label=label)
    if back is not None:
        axes.plot(back, color=REBUILT, linewidth=1.1, label="reconstruction")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.98), fontsize="small", frameon=False, ncols=2, borderaxespad=0)
    axes.margins(x=0.01)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_spikes(axes: Any, spikes: NDArray[Any], samples: int, height: float) -> None:
    """Up above the line and down below it for signed spikes; one row per channel for several, in ``height`` inches."""
    scale = samples / spikes.shape[1]
    if len(spikes) == 1:
        for sign, color in ((1, UP), (-1, DOWN)):
            (at,) = np.nonzero(spikes[0] == sign)
            axes.vlines(at * scale, 0, sign, color=color, linewidth=0.8)
        axes.axhline(0, color=SIGNAL, linewidth=0.5)
        axes.set_ylim(-1.1 if (spikes < 0).any() else -0.1, 1.1)
        axes.set_yticks([])
    else:
        channel, at = np.nonzero(spikes)
        axes.vlines(at * scale, channel - 0.3, channel + 0.3, color=UP, linewidth=0.8)
        axes.set_ylim(-0.6, len(spikes) - 0.4)
        axes.set_ylabel("channel", fontsize="small")
    axes.set_xlim(-0.01 * samples, 1.01 * samples)
    axes.spines[["top", "right"]].set_visible(False)

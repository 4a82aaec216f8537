"""A Program's step rendered as C: a header and a source, portable or for one instruction set.

Reading order: ``module`` (the whole text: ``render``), ``context`` and ``layout`` (memory), ``arrive``, ``edge`` and
``kernels`` (what messages add), ``saturating_events`` (currents that events enter one by one), ``update`` and
``expressions`` (what neurons do), ``tables``, ``integer_types``, ``helpers`` and ``names`` (the C beneath), ``window``
(the geometry of convolutions). ``native`` replaces stages by vectorised ones for a ``machine``.

Around the step: ``host_loop`` (many steps in one call, for an engine), ``heads`` (input quantizers and spike counts),
``encoders`` (a streaming encoder before the input), ``probe`` (feeding and recording on a device), ``example`` and
``signal_example`` (a ``main.c`` to start from).

Nothing here gives a step its meaning: that is ``neurodeploy.step``. The same plan is always rendered as the same text.

An engine that finds a program in its cache renders nothing, so ``module`` is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neurodeploy.codegen.module import Rendering, render

__all__ = ["Rendering", "render"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("neurodeploy.codegen.module"), name)

"""The functions behind the verbs and behind ``import neurodeploy``: each verb is one call of one of them.

A function is imported when it is first used, as ``neurodeploy`` itself imports it: a verb waits for no other verb.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import neurodeploy

if TYPE_CHECKING:
    from neurodeploy.flow.checking import check
    from neurodeploy.flow.conforming import conform
    from neurodeploy.flow.converting import convert
    from neurodeploy.flow.costing import cost
    from neurodeploy.flow.encoding import decode, encode
    from neurodeploy.flow.exporting import export, lower, quantize
    from neurodeploy.flow.finetuning import finetune
    from neurodeploy.flow.inspecting import inspect
    from neurodeploy.flow.installing import build_model, install_target
    from neurodeploy.flow.linting import lint
    from neurodeploy.flow.loading import load
    from neurodeploy.flow.placing import place
    from neurodeploy.flow.proving import prove
    from neurodeploy.flow.recording import events_info
    from neurodeploy.flow.reducing import reduce
    from neurodeploy.flow.running import run
    from neurodeploy.flow.staging import stages

__all__ = [
    "build_model",
    "check",
    "conform",
    "convert",
    "cost",
    "decode",
    "encode",
    "events_info",
    "export",
    "finetune",
    "inspect",
    "install_target",
    "lint",
    "load",
    "lower",
    "place",
    "prove",
    "quantize",
    "reduce",
    "run",
    "stages",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(neurodeploy, name)

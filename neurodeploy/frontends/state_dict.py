"""The state dict of a module in a checkpoint, however the checkpoint wraps it.

Frameworks put state dicts under a key (``state_dict``, ``model_state_dict``, ``model``, ...) and their entries under a
prefix (``module.`` of DataParallel, ``_orig_mod.`` of torch.compile, the attribute of a Lightning module), and add
entries of their own. Rules:

1. A candidate is the content itself, or a mapping inside it, that holds tensors.
2. A candidate fits where its entries behind one prefix are all those of the module. Entries outside of the prefix are
   left out, and so are states that neurons remembered when it was saved and the counters of profilers.
3. Where several candidates fit, one under a usual key is chosen, in the order of ``USUAL_KEYS``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import torch
from torch import nn

from neurodeploy.errors import InputError
from neurodeploy.frontends.frameworks import memories

USUAL_KEYS = ("", "state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights")
PROFILER_COUNTS = ("total_ops", "total_params")
"""Buffers that counters of operations leave in every layer."""

State = Mapping[str, Any]


def state_for(module: nn.Module, content: Any, where: str) -> Any:
    """The state dict of ``module`` in a checkpoint's content.

    Where no mapping fits, the likeliest one is returned, so that loading it says what does not fit. Raises InputError
    where several fit and none stands under a usual key.
    """
    if isinstance(content, nn.Module):
        content = content.state_dict()
    candidates = dict(_candidates(content))
    if not candidates:
        return content
    expected = module.state_dict()
    remembered = memories(module)
    required = [name for name in expected if name not in remembered]
    fitting = {key: prefix for key, state in candidates.items() if (prefix := _prefix(state, required)) is not None}
    usual = [key for key in USUAL_KEYS if key in fitting]
    if not usual and len(fitting) > 1:
        keys = ", ".join(repr(key) for key in fitting)
        raise InputError(f"several of its entries fit the network: {keys}", where, "save one of them alone")
    if not fitting:
        return next((candidates[key] for key in USUAL_KEYS if key in candidates), next(iter(candidates.values())))
    key = usual[0] if usual else next(iter(fitting))
    state = _without_prefix(candidates[key], fitting[key])
    kept = {name: value for name, value in state.items() if not _is_left_out(name, expected, remembered)}
    return kept | {name: expected[name] for name in expected if name in remembered}


def _candidates(content: Any, key: str = "", depth: int = 2) -> Generator[tuple[str, State]]:
    if not isinstance(content, Mapping):
        return
    entries: Mapping[Any, Any] = content
    if any(isinstance(value, torch.Tensor) for value in entries.values()):
        yield key, {str(name): value for name, value in entries.items()}
    if depth:
        for name, value in entries.items():
            yield from _candidates(value, str(name), depth - 1)


def _prefix(state: State, required: list[str]) -> str | None:
    """The shortest prefix under which ``state`` has all required entries; None where there is none."""
    if not required:
        return ""
    prefixes = [name.removesuffix(required[0]) for name in state if name.endswith(required[0])]
    whole = [prefix for prefix in prefixes if not prefix or prefix.endswith(".")]
    return next((p for p in sorted(whole, key=len) if all(f"{p}{name}" in state for name in required)), None)


def _without_prefix(state: State, prefix: str) -> State:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _is_left_out(name: str, expected: State, remembered: frozenset[str]) -> bool:
    counted = name.rpartition(".")[2] in PROFILER_COUNTS
    return name in remembered or (counted and name not in expected)

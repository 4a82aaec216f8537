"""``torch.nn.Sequential`` drops the states of Norse cells inside it; Norse's own sequence passes them on."""

from __future__ import annotations

from typing import Any

from torch import nn

from neurodeploy.frontends.frameworks import framework_of, kind_of


def stateful(module: nn.Module) -> nn.Module:
    """``module`` with every ``Sequential`` that holds Norse cells replaced by Norse's ``SequentialState``."""
    if type(module) is not nn.Sequential and kind_of(module) != ("norse", "SequentialState"):
        return module
    children = {name: stateful(child) for name, child in module.named_children()}
    states = {name: _has_state(child) for name, child in children.items()}
    changed = any(children[name] is not child for name, child in module.named_children())
    if type(module) is nn.Sequential and not any(states.values()):
        return module
    if type(module) is not nn.Sequential and not changed:
        return module
    from norse.torch import SequentialState

    sequence: Any = SequentialState()
    for name, child in children.items():
        sequence.add_module(name, child)
        sequence.stateful_layers.append(states[name])
    return sequence.train(module.training)


def _has_state(module: nn.Module) -> bool:
    framework = framework_of(module)
    sequence = kind_of(module) == ("norse", "SequentialState")
    return sequence or isinstance(module, nn.RNNBase) or (framework is not None and framework.stateless_calls)

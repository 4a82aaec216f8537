"""Hooks that tell a :class:`Watch` which module begins and ends to run."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from torch import nn

from neurodeploy.errors import RefusedError
from neurodeploy.frontends.frameworks import is_leaf
from neurodeploy.frontends.tracing import Watch


@contextmanager
def hooked(module: nn.Module, watch: Watch) -> Generator[None]:
    """While it is open, ``watch`` learns of every module inside ``module`` that runs.

    A forward hook of the user that changes what a layer sends is refused when it runs.
    """
    handles: list[Any] = []
    for name, part in module.named_modules():
        results: list[Any] = []
        handles += [
            part.register_forward_pre_hook(_before(watch, name)),
            part.register_forward_hook(_keeping(results), prepend=True),
            part.register_forward_hook(_after(watch, name, results), with_kwargs=True),
        ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _before(watch: Watch, name: str) -> Any:
    def hook(module: nn.Module, _: Any) -> None:
        watch.entered(name, module)

    return hook


def _keeping(results: list[Any]) -> Any:
    """Keeps what a module sends before the user's hooks see it."""

    def hook(_: nn.Module, __: Any, sent: Any) -> None:
        results[:] = [sent]

    return hook


def _after(watch: Watch, name: str, results: list[Any]) -> Any:
    def hook(module: nn.Module, args: Any, kwargs: Any, sent: Any) -> None:
        if is_leaf(module) and results.pop() is not sent:
            raise RefusedError("a forward hook changes what it sends", f"layer {name}", "remove the hook")
        watch.left(name, module, (args, kwargs), sent)

    return hook

"""Training whose forward is the integer program.

``quantized(source, numerics, bits=...)`` gives a PyTorch module that computes the integers of a machine, spike for
spike, and learns through surrogate gradients; ``module.network()`` is what ``export`` takes afterwards.

PyTorch is imported when a name is first used.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for True

if TYPE_CHECKING:
    from neurodeploy.torch.module import ProgramModule
    from neurodeploy.torch.start import QuantizedNetwork, quantized

__all__ = ["ProgramModule", "QuantizedNetwork", "quantized"]
_MODULE_OF = {"ProgramModule": "module", "QuantizedNetwork": "start", "quantized": "start"}


def __getattr__(name: str) -> object:
    """Import a name when it is first used. Raises UnavailableError where PyTorch is missing."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from neurodeploy.extras import need

    need("torch", "torch", f"neurodeploy.torch.{name}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""The frameworks whose modules are read, and what a module is among them."""

from __future__ import annotations

from typing import Any

from torch import nn

from neurodeploy.extras import install_command
from neurodeploy.frontends.framework import AddNeuron, Framework, known_class
from neurodeploy.frontends.norse_cells import NORSE
from neurodeploy.frontends.sinabs_neurons import SINABS
from neurodeploy.frontends.snntorch_neurons import SNNTORCH
from neurodeploy.frontends.spikingjelly_neurons import SPIKINGJELLY

FRAMEWORKS = {framework.package: framework for framework in (NORSE, SNNTORCH, SPIKINGJELLY, SINABS)}
LAYERS = frozenset(
    {
        *(
            "Conv1d",
            "Conv2d",
            "Linear",
            "BatchNorm1d",
            "BatchNorm2d",
            "AvgPool1d",
            "AvgPool2d",
            "MaxPool1d",
            "MaxPool2d",
        ),
        *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "ConstantPad1d", "ConstantPad2d", "ZeroPad1d", "ZeroPad2d"),
        "SumPool2d",
        "VotingLayer",
    }
)
OWNERS = {"SumPool2d": "sinabs", "VotingLayer": "spikingjelly"}
"""The frameworks that have layers of their own."""
WRAPPERS = ("spikingjelly.activation_based.layer.stateless_wrapper", "spikingjelly.activation_based.layer.bn")
"""Modules that define torch's layers again, equal but for taking several steps at once."""


def kind_of(module: nn.Module) -> tuple[str, str]:
    """Package and class name that say what ``module`` does; both empty for a user's code.

    Of torch only ``torch.nn`` counts as ``torch``: layers of the same names elsewhere in torch round what they compute.
    """
    kind = known_class(module, ("torch", *FRAMEWORKS))
    if kind is None:
        return "", ""
    package = "torch" if kind.__module__ in WRAPPERS else kind.__module__.partition(".")[0]
    if kind.__module__.startswith("torch.") and not kind.__module__.startswith("torch.nn.modules."):
        package = kind.__module__
    return package, kind.__name__


def layer_kind(module: nn.Module) -> str | None:
    """The class name of the known layer without memory that ``module`` is, or None."""
    package, name = kind_of(module)
    if name in OWNERS:
        return name if package == OWNERS[name] else None
    return name if package == "torch" and name in LAYERS else None


def framework_of(module: nn.Module) -> Framework | None:
    """The framework whose known neuron ``module`` is, or None."""
    package, name = kind_of(module)
    framework = FRAMEWORKS.get(package)
    return framework if framework is not None and name in framework.neurons else None


def adder(module: nn.Module) -> AddNeuron | None:
    """What writes the neuron ``module`` as nodes; None where it is no known neuron."""
    framework = framework_of(module)
    return None if framework is None else framework.neurons[kind_of(module)[1]]


def membrane_adder(module: nn.Module) -> AddNeuron | None:
    """What writes a neuron of which the membrane is the output; None where that has no exact form."""
    framework = framework_of(module)
    return None if framework is None else framework.membrane(kind_of(module)[1], module)


def is_neuron(module: nn.Module) -> bool:
    """Whether ``module`` is a known neuron (or another layer with a state)."""
    return framework_of(module) is not None


def is_leaf(module: nn.Module) -> bool:
    """Whether ``module`` is a known layer or neuron, whose inside is not looked into."""
    return is_neuron(module) or layer_kind(module) is not None


def is_library_code(module: nn.Module) -> bool:
    """Whether torch or a framework, not the user, says what ``module`` does."""
    return kind_of(module)[0] != ""


def missing(error: BaseException) -> tuple[str, str] | None:
    """The framework that an import lacked, and the command that installs it; None for any other error."""
    package = str(getattr(error, "name", None) or "").partition(".")[0]
    framework = FRAMEWORKS.get(package)
    return None if framework is None or not isinstance(error, ImportError) else (framework.name, install(framework))


def install(framework: Framework) -> str:
    """How to install a framework. sinabs asks for a nir too old to stand beside ours, and needs none for its layers."""
    extra = "torch" if framework is NORSE else framework.package
    separately = " && pip install --no-deps sinabs==3.1.3" if framework is SINABS else ""
    return f"{install_command(extra)}{separately}"


def memories(module: nn.Module) -> frozenset[str]:
    """The entries of the state dict of ``module`` that are states of its neurons, not parameters."""
    neurons = {name: framework for name, part in module.named_modules() if (framework := framework_of(part))}
    return frozenset(
        f"{name}.{state}".lstrip(".") for name, framework in neurons.items() for state in framework.memories
    )


def check_neurons(module: nn.Module) -> None:
    """Raises RefusedError for a neuron inside ``module`` that its framework itself cannot run."""
    for name, part in module.named_modules():
        framework = framework_of(part)
        if framework is not None:
            framework.check(name, kind_of(part)[1], part)


def prepare(module: nn.Module, samples: int) -> None:
    """Let every neuron inside ``module`` forget its state, and expect ``samples`` samples in one call."""
    for part in module.modules():
        framework: Any = framework_of(part)
        if framework is not None:
            framework.reset(part)
            framework.resize(part, samples)

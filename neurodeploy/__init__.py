"""Carry trained spiking networks to neuromorphic hardware and prove, spike for spike, that they arrived.

::

    import neurodeploy as nd

    network = nd.load("model.pt")                     # Network: float weights and how they are stepped
    bundle = nd.export(network, "fixed", "net.fixed") # Bundle: the integers, and what the target loads
    trace = nd.run(bundle)                            # Trace: what every population did at every step
    report = nd.check(bundle)                         # Report: does each rung do what the one before it does?

What the package offers; ``help(nd.load)`` tells more of one of them:

==================  ====================================================================================
work
------------------  ------------------------------------------------------------------------------------
load                a checkpoint, a ``.nir``, a ``.net`` or a live torch module as a Network
export              a network in a target's integers, written as a bundle
run                 one rung (source, network, program or a target) on a stimulus
check               neighboring rungs compared, spike for spike
reduce              a failing check made small, written as a case that one command runs again
inspect             a model, bundle or trace as tables
lint                every finding about how a network is stepped, with repairs
convert             a network written as ``.nir`` or ``.net``
encode, decode      a signal as spikes, and spikes as a signal
prove               what holds of the integers whatever the input: no overflow, neurons that never fire
cost                what a network costs on a stimulus: NeuroBench's counts, measured times
place               neurons and synapses on the cores of chips, and the traffic between them
sweep               a row for every combination of quantization choices, targets and stimuli
finetune            the integers of a network trained on labelled samples
plot                pictures of reports and traces for papers: ``plot.raster``, ``plot.graph`` and others
torch               training in your own loop: ``torch.quantized`` gives a module of integers
quantize, lower     the two halves of ``export``, without writing anything
stages              the stages of quantization, their options, and what each did to a network
targets, models     what is installed here: deployment targets and reference networks
conform             does a target compute what it declares? Cases at every edge, and random networks
schema              the JSON Schema of what ``check --json`` prints
install_target      a target's own environment, set up
build_model         a reference network, written as a checkpoint
events_info         what a recording of an event camera holds
==================  ====================================================================================

==================  ====================================================================================
values
------------------  ------------------------------------------------------------------------------------
Network             a NIR graph with its execution contract
NetworkBuilder      writes a Network node by node
Contract, Terms     how a network is stepped
InputRange          which values an input takes
Program             populations and projections of integers
Bundle              the folder that ``export`` writes
Stimulus            what a network is shown
Trace               outputs and states of every population
Report              rungs, verdicts and first divergences
Proof               of every node: that no width is left, or an input that does it, or the bound
Placement           which neurons stand on which core of which chip, and what every core uses
Finding             one observation about a model, a program or a target
==================  ====================================================================================

Every error is a ``NeurodeployError`` and says what was wrong, where, and what to do: ``InputError``,
``RefusedError``, ``CannotRepresentError``, ``CapabilityError``, ``UnavailableError`` and ``EnvironmentFailureError``.

Importing the package costs nothing: a name is imported when it is first used, torch only where a model needs it.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for True; importing typing would take longer than all the rest

if TYPE_CHECKING:
    from neurodeploy import plot, torch
    from neurodeploy.analysis.proof import Proof
    from neurodeploy.bundle import Bundle
    from neurodeploy.contract import Contract, Terms
    from neurodeploy.errors import (
        CannotRepresentError,
        CapabilityError,
        EnvironmentFailureError,
        InputError,
        NeurodeployError,
        RefusedError,
        UnavailableError,
    )
    from neurodeploy.finding import Finding
    from neurodeploy.flow import (
        build_model,
        check,
        conform,
        convert,
        cost,
        decode,
        encode,
        events_info,
        export,
        finetune,
        inspect,
        install_target,
        lint,
        load,
        lower,
        place,
        prove,
        quantize,
        reduce,
        run,
        stages,
    )
    from neurodeploy.model import installed_models as models
    from neurodeploy.network import InputRange, Network, NetworkBuilder
    from neurodeploy.parity.report import Report
    from neurodeploy.placement.placement import Placement
    from neurodeploy.program import Program
    from neurodeploy.report.schema import schema
    from neurodeploy.stimulus import Stimulus
    from neurodeploy.sweeps import sweep
    from neurodeploy.target import installed_targets as targets
    from neurodeploy.trace import Trace

__version__ = "0.1.0"
__all__ = [
    "Bundle",
    "CannotRepresentError",
    "CapabilityError",
    "Contract",
    "EnvironmentFailureError",
    "Finding",
    "InputError",
    "InputRange",
    "Network",
    "NetworkBuilder",
    "NeurodeployError",
    "Placement",
    "Program",
    "Proof",
    "RefusedError",
    "Report",
    "Stimulus",
    "Terms",
    "Trace",
    "UnavailableError",
    "__version__",
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
    "models",
    "place",
    "plot",
    "prove",
    "quantize",
    "reduce",
    "run",
    "schema",
    "stages",
    "sweep",
    "targets",
    "torch",
]

_MODULE_OF = {
    "Bundle": "bundle",
    "CannotRepresentError": "errors",
    "CapabilityError": "errors",
    "Contract": "contract",
    "EnvironmentFailureError": "errors",
    "Finding": "finding",
    "InputError": "errors",
    "InputRange": "network",
    "Network": "network",
    "NetworkBuilder": "network",
    "NeurodeployError": "errors",
    "Placement": "placement.placement",
    "Program": "program",
    "Proof": "analysis.proof",
    "RefusedError": "errors",
    "Report": "parity.report",
    "Stimulus": "stimulus",
    "Terms": "contract",
    "Trace": "trace",
    "UnavailableError": "errors",
    "build_model": "flow.installing",
    "check": "flow.checking",
    "conform": "flow.conforming",
    "convert": "flow.converting",
    "cost": "flow.costing",
    "decode": "flow.encoding",
    "encode": "flow.encoding",
    "events_info": "flow.recording",
    "export": "flow.exporting",
    "finetune": "flow.finetuning",
    "inspect": "flow.inspecting",
    "install_target": "flow.installing",
    "lint": "flow.linting",
    "load": "flow.loading",
    "lower": "flow.exporting",
    "place": "flow.placing",
    "prove": "flow.proving",
    "quantize": "flow.exporting",
    "reduce": "flow.reducing",
    "run": "flow.running",
    "schema": "report.schema",
    "stages": "flow.staging",
    "sweep": "sweeps.sweeping",
}
"""Where a name stands. ``models``, ``plot``, ``targets`` and ``torch`` are not here: they are packages."""


def __getattr__(name: str) -> object:
    """Import a name when it is first used."""
    if name in ("models", "plot", "targets", "torch"):
        return import_module(f"neurodeploy.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'neurodeploy' has no attribute {name!r}")
    value = getattr(import_module(f"neurodeploy.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

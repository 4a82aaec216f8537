"""The list of one-idea cases: every operator, attribute and numeric edge that a machine's numerics have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurodeploy.capabilities import Capabilities
from neurodeploy.conformance.case import Case
from neurodeploy.conformance.kit import Idea, Kit, NotExpressibleError
from neurodeploy.conformance.neuron_ideas import neuron_ideas
from neurodeploy.conformance.synapse_ideas import synapse_ideas
from neurodeploy.errors import CapabilityError
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Compare, Reset

RESETS: tuple[Reset, ...] = ("zero", "subtract", "value", "none")
COMPARES: tuple[Compare, ...] = (">", ">=")


@dataclass(frozen=True, eq=False)
class Realized:
    """An idea as a case; None where the numerics themselves cannot hold it, which they say at once."""

    idea: Idea
    case: Case | None
    reason: str = ""


def all_ideas() -> tuple[Idea, ...]:
    """Every idea, whatever the machine."""
    return (*neuron_ideas(), *synapse_ideas())


def kit_for(numerics: Numerics, capabilities: Capabilities) -> Kit:
    """A kit whose plain neurons are such as a target of these capabilities carries."""
    if numerics.accumulation == "events":
        return Kit(numerics, "subtract", ">=", capabilities.spikes_per_step)
    resets: list[Reset] = [word for word in RESETS if {word} <= capabilities.resets]
    compares: list[Compare] = [word for word in COMPARES if {word} <= capabilities.compares]
    resets.append(RESETS[0])
    compares.append(COMPARES[0])
    return Kit(numerics, resets[0], compares[0])


def make_ideas(kit: Kit) -> list[Realized]:
    """Every idea that exists under the kit's numerics, by its name; an edge that they do not have is left out."""
    listed: list[Realized] = []
    for idea in all_ideas():
        try:
            case = idea.make(kit)
            listed.append(Realized(idea, replace(case, name=idea.name)))
        except NotExpressibleError:
            continue
        except CapabilityError as error:
            listed.append(Realized(idea, None, "; ".join(finding.message for finding in error.findings)))
    return listed

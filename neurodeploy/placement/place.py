"""A program placed on chips: cut, put on cores, arranged, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neurodeploy.errors import CapabilityError, InputError, choices
from neurodeploy.placement.arranging import arranged
from neurodeploy.placement.chip import Chip
from neurodeploy.placement.demand import Needs
from neurodeploy.placement.fitting import misfits, unverified
from neurodeploy.placement.packing import Cores, first_fit
from neurodeploy.placement.placement import Placement
from neurodeploy.placement.splitting import split
from neurodeploy.placement.stored import Stored
from neurodeploy.placement.traffic import Events, one_each, traffic
from neurodeploy.placement.usage import usage
from neurodeploy.program.program import Program

STRATEGIES = ("first-fit", "traffic")
MOST_CHIPS = 1 << 12
DEFAULTS = {"strategy": "first-fit", "chips": "1"}
"""The options of a placement."""


@dataclass(frozen=True)
class Wanted:
    """How a program is to be placed: the strategy, and the number of chips."""

    strategy: str
    chips: int

    @staticmethod
    def of(options: Mapping[str, str]) -> Wanted:
        """The options as they are written. Raises InputError for one that there is not, and a value that it has not."""
        for name in options.keys() - DEFAULTS.keys():
            raise InputError(f"a placement has no option {name!r}", "-O", choices(name, DEFAULTS, "it has"))
        strategy, chips = ({**DEFAULTS, **options}[name] for name in ("strategy", "chips"))
        if strategy not in STRATEGIES:
            raise InputError(f"there is no strategy {strategy!r}", "-O strategy", choices(strategy, STRATEGIES))
        if not (chips.isascii() and chips.isdecimal()) or not 1 <= int(chips) <= MOST_CHIPS:
            raise InputError(f"{chips!r} is no number of chips", "-O chips", f"give 1 to {MOST_CHIPS}")
        return Wanted(strategy, int(chips))


def place_program(
    program: Program, chip: Chip, wanted: Wanted, events: Events | None = None, stimulus: str = "one event per neuron"
) -> Placement:
    """Put every neuron, and with it the synapses onto it, on one core; the same input gives the same placement.

    ``events``: how often each neuron sent in a run of ``stimulus``; without them, once each.

    Raises CapabilityError, with everything that does not fit.
    """
    program.ensure_sound()
    needs = Needs(program, chip)
    cut = split(needs)
    cores: Cores = () if cut.impossible else first_fit(needs, cut)
    findings = misfits(needs, cut, cores, wanted.chips)
    if findings:
        count = f"{len(findings)} violation{'s' if len(findings) > 1 else ''}"
        raise CapabilityError(f"does not hold this network ({count})", f"chip {chip.name}", findings=findings)
    sent = one_each(needs) if events is None else events
    hops = traffic(needs, cores, sent).hops
    if wanted.strategy == "traffic":
        cores = arranged(needs, cores, sent, _room(chip, len(cores)))
    used = usage(needs, cores)
    flow = traffic(needs, cores, sent)
    notes = unverified(needs, used)
    return Placement(chip, wanted.chips, wanted.strategy, cores, used, flow, hops, stimulus, notes)


def placed_again(program: Program, stored: Stored) -> Placement:
    """The placement that a bundle keeps, with what every core uses and the traffic of one event per neuron."""
    needs, cores = Needs(program, stored.chip), stored.blocks
    flow = traffic(needs, cores, one_each(needs))
    used = usage(needs, cores)
    return Placement(stored.chip, stored.chips, stored.strategy, cores, used, flow, flow.hops, "one event per neuron")


def _room(chip: Chip, cores: int) -> int:
    """Cores of as many chips as are needed."""
    return -(-cores // chip.cores.value) * chip.cores.value

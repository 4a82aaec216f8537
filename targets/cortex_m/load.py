"""How much of a processor's instructions a network takes, at a clock and a rate of samples that the user names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.streams import stream_of
from neurodeploy.target import Option, Options

SCALES = (("GHz", 1e9), ("MHz", 1e6), ("kHz", 1e3), ("Hz", 1.0))
UNITS = {unit.lower(): scale for unit, scale in SCALES}
FASTEST = 1e11
EXAMPLES = {"clock": "clock=168MHz", "rate": "rate=100Hz"}
ABOUT = "load.json"


def _hertz(name: str, text: str) -> float | None:
    """The frequency that an option names, or None where it names none. Raises InputError."""
    if not text:
        return None
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,12})?) ?([kMG]?Hz)", text, re.IGNORECASE)
    value = 0.0 if match is None else float(match[1]) * UNITS[match[2].lower()]
    if not 0 < value <= FASTEST:
        problem = f"{text!r} is no frequency"
        raise InputError(problem, f"-O {name}", f"write it with its unit, e.g. {EXAMPLES[name]}")
    return value


CLOCK_HELP = "clock of your processor, e.g. 168MHz: run and check then tell the load, with rate"
RATE_HELP = "samples per second, e.g. 1kHz: a step each, or the steps that an encoder makes of one"
CLOCK = Option("clock", "", CLOCK_HELP, partial(_hertz, "clock"))
RATE = Option("rate", "", RATE_HELP, partial(_hertz, "rate"))


@dataclass(frozen=True)
class Load:
    """A clock in Hz, and how many steps of the network are to run in a second."""

    clock: float
    steps_per_second: float

    @property
    def budget(self) -> float:
        """Cycles of the clock for one step."""
        return self.clock / self.steps_per_second

    @property
    def note(self) -> str:
        """What there is for a step, in words."""
        return f"{self.place}, a step has {self.budget:.0f} cycles; run and check count its instructions"

    @property
    def place(self) -> str:
        """Clock and rate, in words."""
        return f"at {frequency(self.clock)} and {self.steps_per_second:g} steps per second"

    def share(self, instructions: float) -> float:
        """What so many instructions per step take of as many instructions as the clock has cycles."""
        return instructions / self.budget

    def told(self, mean: float, most: int) -> str:
        """The load in words, for the mean and the most instructions of a step."""
        late = ": it cannot keep up" if self.share(most) > 1 else ""
        shares = f"{self.share(mean):.2%} on average and {self.share(most):.2%} at most{late}"
        counted = "instructions were counted, not cycles, of which a processor takes more"
        return f"{self.place} the load is {shares}, if every instruction took one cycle; {counted}"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def frequency(hertz: float) -> str:
    """A frequency as people write it."""
    unit, scale = next((pair for pair in SCALES if pair[1] <= hertz), SCALES[-1])
    return f"{hertz / scale:g} {unit}"


def load_of_options(options: Options, program: Program) -> Load | None:
    """The load that ``-O clock`` and ``-O rate`` ask for, or None where neither stands.

    Raises InputError for what is no frequency, for one without the other, and for more steps than cycles.
    """
    clock, rate = (_hertz(option.name, options.get(option.name, option.default)) for option in (CLOCK, RATE))
    if clock is None and rate is None:
        return None
    if clock is None or rate is None:
        lacking, example = (CLOCK, "168MHz") if clock is None else (RATE, "1kHz")
        fault = "a load needs both a clock and a rate of samples"
        raise InputError(fault, f"-O {lacking.name}", f"add -O {lacking.name}={example}")
    pre = program.host.pre
    steps = rate * (1 if pre is None else stream_of(pre).steps)
    if steps > clock:
        fault = f"{steps:g} steps per second at {frequency(clock)} leave less than a cycle for a step"
        raise InputError(fault, "-O rate", "give the clock of the processor, and how many samples arrive per second")
    return Load(clock, steps)


def load_of_files(files: Mapping[str, bytes]) -> Load | None:
    """The load that an artifact was made for, or None. Raises InputError for a damaged file."""
    if ABOUT not in files:
        return None
    try:
        told = json.loads(files[ABOUT])
        load = Load(float(told["clock"]), float(told["steps_per_second"]))
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"does not say its load: {error}", f"target/{ABOUT}", "export the network again") from error
    if not 0 < load.steps_per_second <= load.clock <= FASTEST:
        raise InputError("its load is no clock and rate", f"target/{ABOUT}", "export the network again")
    return load


def load_file(load: Load | None) -> dict[str, bytes]:
    """The file that keeps a load, by name."""
    return {} if load is None else {ABOUT: (json.dumps(load.to_json()) + "\n").encode("ascii")}

"""Energy of a resource element, program by program: ``python -m benchmarks.receiver_energy``; needs ``sionna``.

SANA-FE estimates it for its Loihi 1, a minute for a program, for the programs that ``benchmarks.reception`` measures.
"""

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from neurodeploy.models.spikingrx.link import Link
from neurodeploy.models.spikingrx.model import SpikingRx
from neurodeploy.models.spikingrx.network import network
from neurodeploy.models.spikingrx.presets import PRESETS, RECEIVER, build
from neurodeploy.models.spikingrx.slots import SYMBOLS, Slots, features
from numpy.typing import NDArray

import neurodeploy as nd
from benchmarks.reception import SEED
from neurodeploy.engine import run_compiled
from neurodeploy.placement.chip import find_chip
from neurodeploy.placement.place import Wanted, place_program
from neurodeploy.program.program import Program
from neurodeploy.sanafe.environment import VERSION
from neurodeploy.sanafe.replay import estimate

PART = slice(8, 16)
"""Subcarriers of the estimate: SANA-FE is asked about a third of the slot, for it takes 3 million synapses."""
DECIBELS = 6.0
"""``Es/N0`` of the slot that is shown, in dB."""
CORE = 64
"""Neurons on a core at most."""


def calibration(link: Link) -> Slots:
    """The slots that every program is calibrated on."""
    return link.slots(16, np.linspace(0, 14, 16), SEED - 1)


def shown_slot(link: Link) -> NDArray[np.float32]:
    """What the estimate is asked about, ``(1, steps, features, symbols, subcarriers)``; nothing is trained on it."""
    return as_steps(features(link.slots(1, DECIBELS, SEED - 2))[..., PART])


def as_steps(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features of slots, shown in every step."""
    return np.repeat(values[:, None], RECEIVER["steps"], axis=1)


def part_program(
    module: SpikingRx, config: Mapping[str, Any], bits: int | None = None, calibrate: NDArray[np.float32] | None = None
) -> Program:
    """The integers of a receiver of the subcarriers ``PART``; ``bits``, ``calibrate``: as ``of_program`` takes them."""
    about = {**config["input"], "shape": [*config["input"]["shape"][:2], PART.stop - PART.start]}
    source = network(module, {**config, "input": about})
    options = {} if bits is None else {"weight-bits": bits}
    seen = None if calibrate is None else {"input": calibrate[..., PART]}
    return nd.quantize(source, "loihi2", options, seen).program


def spent(program: Program, shown: NDArray[Any], asked: bool = True) -> tuple[str, str]:
    """Spikes of a resource element in the first slot that is shown, and its energy where that is asked for."""
    trace = run_compiled(program, {"input": shown[:1]})
    elements = SYMBOLS * (PART.stop - PART.start)
    spiking = [p.name for p in program.populations if p.kind == "cuba-lif"]
    spikes = f"{sum(int(trace[name].output.sum()) for name in spiking) / elements:.0f}"
    if not asked:
        return spikes, ""
    placement = place_program(program, find_chip("loihi1"), Wanted("first-fit", CORE))
    return spikes, f"{estimate(program, placement, trace).energy['total'] / elements * 1e6:.2f} µJ"


def main() -> None:
    """Print a row for the deployed receiver, and for the float network's programs of each width of weights."""
    parser = argparse.ArgumentParser(description="Energy of a resource element as SANA-FE estimates it.")
    parser.add_argument("--bits", type=int, nargs="*", default=[8, 6, 4], help="of weights of the float network")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    link = Link()
    shown, calibrate = shown_slot(link), as_steps(features(calibration(link)))
    print(f"| program | spikes | energy, estimate (SANA-FE {VERSION}, Loihi 1) |\n|---|---|---|", flush=True)
    deployed, start = PRESETS["trained"], PRESETS["float-trained"]
    programs = {"deployed (8 bits)": part_program(build(deployed), deployed)}
    module = build(start)
    programs |= {f"{bits} bits": part_program(module, start, bits, calibrate) for bits in arguments.bits}
    for name, program in programs.items():
        print(f"| {name} | {' | '.join(spent(program, shown))} |", flush=True)


if __name__ == "__main__":
    main()

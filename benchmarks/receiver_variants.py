"""Compare ways to join branches in one table: ``python -m benchmarks.receiver_variants FOLDER``; needs ``sionna``.

Every variant is trained in float with the same budget of updates and seed. Weights that stand in the folder are not
trained again, so that an interrupted run goes on. Errors and information are means over all signal-to-noise ratios.
With ``--energy``, SANA-FE estimates energy, a minute for a program.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from neurodeploy.models.spikingrx.link import Link
from neurodeploy.models.spikingrx.model import SpikingRx
from neurodeploy.models.spikingrx.network import network
from neurodeploy.models.spikingrx.presets import RECEIVER, receiver
from neurodeploy.models.spikingrx.slots import features
from safetensors.torch import load_file, save_file

from benchmarks.receiver_energy import as_steps, calibration, part_program, shown_slot, spent
from benchmarks.receiver_training import Recipe, train_float
from benchmarks.reception import DECIBELS, SEED, Curve, Receiver, measure, of_module, of_program, sign_agreement

CONNECTS = ("ADD", "IAND", "AND")


@dataclass(frozen=True)
class Variant:
    """A receiver in float, and the bits of weights at which its program is judged."""

    name: str
    config: Mapping[str, Any]
    module: SpikingRx
    bits: tuple[int, ...]


def variant(name: str, connect: str, stateful: bool, path: Path, bits: tuple[int, ...]) -> Variant:
    """The variant whose weights, with norms, are those of a file."""
    config = {**RECEIVER, "connect": connect, "stateful": stateful}
    module = receiver({**config, "folded": False}).eval()
    module.load_state_dict(load_file(path))
    return Variant(name, config, module, bits)


def trained(link: Link, folder: Path, updates: int) -> Iterator[Variant]:
    """Every variant with spiking shortcuts, trained where the folder lacks it."""
    folder.mkdir(parents=True, exist_ok=True)
    for connect in CONNECTS:
        for stateful in (True, False):
            name = f"{connect}, {'stateful' if stateful else 'stateless'}"
            path = folder / f"{connect.lower()}{'' if stateful else '_stateless'}.safetensors"
            if not path.exists():
                config = {**RECEIVER, "connect": connect, "stateful": stateful}
                save_file(train_float(link, config, replace(Recipe(), updates=updates)).state_dict(), path)
            yield variant(name, connect, stateful, path, (8,))


def rows(link: Link, judged: Variant, count: int, energy: bool) -> Iterator[str]:
    """A line of the table for the receiver in float, and one for each width of its weights."""
    steps, source = RECEIVER["steps"], network(judged.module, judged.config)
    calibrate = as_steps(features(calibration(link)))
    receivers: dict[str, Receiver] = {"float": of_module(judged.module, steps)}
    receivers |= {f"{bits} bits": of_program(source, steps, bits, calibrate) for bits in judged.bits}
    curves = measure(link, receivers, count)
    slots = link.slots(count, np.linspace(0, 12, count), SEED + len(DECIBELS))
    ratios = {name: each(slots) for name, each in receivers.items()}
    yield _row(judged.name, "float", curves["float"], "", "", "")
    shown = shown_slot(link)
    for bits in judged.bits:
        program = part_program(judged.module, judged.config, bits, calibrate)
        alike = sign_agreement(ratios[f"{bits} bits"], ratios["float"])
        yield _row("", f"{bits} bits", curves[f"{bits} bits"], f"{alike:.2%}", *spent(program, shown, energy))


def _row(name: str, weights: str, curve: Curve, *more: str) -> str:
    at = "not reached" if np.isnan(curve.crossing) else f"{curve.crossing:.2f} dB"
    points = [f"{np.mean(values):.4f}" for values in (curve.errors, curve.coded, curve.information)]
    return f"| {' | '.join((name, weights, *points, at, *more))} |".replace("|  |", "| |")


def main() -> None:
    """Train what is not trained yet, and print the table."""
    parser = argparse.ArgumentParser(description="Ways to join branches, stateless and stateful, in one table.")
    parser.add_argument("folder", type=Path, help="where weights are kept")
    parser.add_argument("--updates", type=int, default=500, help="updates of every variant")
    parser.add_argument("--slots", type=int, default=60, help="slots at each signal-to-noise ratio")
    parser.add_argument("--start", type=Path, help="weights in float, of receiver_training --float, in 8, 6 and 4 bits")
    parser.add_argument("--energy", action="store_true", help="estimate energy with SANA-FE, which must be installed")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    link = Link()
    titles = "wrong bits | behind the decoder | information | 1e-2 at | decided as float | spikes | energy"
    print(f"| receiver | weights | {titles} |\n{'|---' * 9}|", flush=True)
    if arguments.start is not None:
        first = variant("trained", RECEIVER["connect"], RECEIVER["stateful"], arguments.start, (8, 6, 4))
        print("\n".join(rows(link, first, arguments.slots, arguments.energy)), flush=True)
    for each in trained(link, arguments.folder, arguments.updates):
        print("\n".join(rows(link, each, arguments.slots, arguments.energy)), flush=True)


if __name__ == "__main__":
    main()

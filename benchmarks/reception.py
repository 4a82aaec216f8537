"""Measure receivers against each other: ``python -m benchmarks.reception``; needs ``sionna``.

All receivers of a run see the same slots, which training does not draw.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from neurodeploy.models.spikingrx.link import BASELINES, Link
from neurodeploy.models.spikingrx.metrics import bit_errors, decibels_at, mutual_information
from neurodeploy.models.spikingrx.model import SpikingRx
from neurodeploy.models.spikingrx.network import network
from neurodeploy.models.spikingrx.presets import PRESETS, RECEIVER, build, receiver
from neurodeploy.models.spikingrx.slots import Slots, data_symbols, features
from numpy.typing import NDArray
from safetensors.torch import load_file

import neurodeploy as nd
from neurodeploy.engine import run_compiled
from neurodeploy.heads import apply_head
from neurodeploy.network import Network

DECIBELS = (0, 2, 4, 6, 8, 10, 12)
SEED = 8_000_000
"""Of the slots at the first ratio; one more for each of the others. Neither training nor the committed slots use it."""
TARGET = 1e-2
BATCH = 25

Ratios = NDArray[Any]
Receiver = Callable[[Slots], Ratios]


@dataclass(frozen=True)
class Curve:
    """What a receiver did at each of ``DECIBELS``: share of wrong bits, before and behind the decoder, information."""

    errors: tuple[float, ...]
    coded: tuple[float, ...]
    information: tuple[float, ...]

    @property
    def crossing(self) -> float:
        """``Es/N0`` in dB at which one bit in a hundred is wrong; NaN where that is not reached."""
        return decibels_at(TARGET, np.array(DECIBELS, np.float64), np.array(self.errors))


def of_module(module: SpikingRx, steps: int) -> Receiver:
    """The receiver in float, or on its grid."""

    def ratios(slots: Slots) -> Ratios:
        with torch.no_grad():
            parts = [torch.from_numpy(_shown(slots[part], steps)) for part in _parts(slots)]
            return data_symbols(np.concatenate([module(part).numpy() for part in parts]))

    return ratios


def of_program(source: Network, steps: int, bits: int | None = None, calibrate: NDArray[Any] | None = None) -> Receiver:
    """Integers of a network in compiled code, ``bits`` of weights chosen on a stimulus if asked for, and its head."""
    options = {} if bits is None else {"weight-bits": bits}
    program = nd.quantize(source, "loihi2", options=options, calibrate=_named(calibrate)).program
    head = source.host.post
    assert head is not None

    def ratios(slots: Slots) -> Ratios:
        traces = [run_compiled(program, {"input": _shown(slots[part], steps)}) for part in _parts(slots)]
        return data_symbols(np.concatenate([apply_head(head, trace) for trace in traces]))

    return ratios


def measure(link: Link, receivers: Mapping[str, Receiver], count: int) -> dict[str, Curve]:
    """A curve for every receiver, over ``count`` slots at each signal-to-noise ratio."""
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in receivers}
    for number, decibels in enumerate(DECIBELS):
        slots = link.slots(count, decibels, SEED + number)
        for name, ratios in receivers.items():
            found = ratios(slots)
            coded = link.coded_errors(found, slots)
            rows[name].append((bit_errors(found, slots.bits), coded, mutual_information(found, slots.bits)))
    return {name: Curve(*(tuple(column) for column in zip(*row, strict=True))) for name, row in rows.items()}


def sign_agreement(one: Ratios, other: Ratios) -> float:
    """Share of bits that two receivers decide alike."""
    return float(np.mean((one > 0) == (other > 0)))


def table(curves: Mapping[str, Curve]) -> str:
    """Three Markdown tables: bit errors and where they cross one in a hundred, coded errors, information."""
    points = " | ".join(f"{decibels} dB" for decibels in DECIBELS)
    rules = "|---" * (len(DECIBELS) + 1)
    parts = [f"| uncoded bit errors | {points} | 1e-2 at |\n{rules}|---|"]
    for name, curve in curves.items():
        at = "not reached" if np.isnan(curve.crossing) else f"{curve.crossing:.2f} dB"
        parts.append(f"| {name} | {' | '.join(f'{x:.4f}' for x in curve.errors)} | {at} |")
    for title, field in (("bit errors behind the LDPC decoder", "coded"), ("mutual information", "information")):
        parts.append(f"\n| {title} | {points} |\n{rules}|")
        for name, curve in curves.items():
            parts.append(f"| {name} | {' | '.join(f'{x:.4f}' for x in getattr(curve, field))} |")
    return "\n".join(parts)


def _parts(slots: Slots) -> list[slice]:
    return [slice(first, first + BATCH) for first in range(0, len(slots), BATCH)]


def _shown(slots: Slots, steps: int) -> NDArray[np.float32]:
    return np.repeat(features(slots)[:, None], steps, axis=1)


def _named(values: NDArray[Any] | None) -> dict[str, NDArray[Any]] | None:
    return None if values is None else {"input": values}


def _variant(name: str, path: Path) -> Receiver:
    """A receiver in float, of ``receiver_training --float``; its name says how it joins branches, or ``stateless``."""
    connect = next((word for word in name.split() if word in ("ADD", "AND", "IAND")), RECEIVER["connect"])
    config = {**RECEIVER, "folded": False, "connect": connect, "stateful": "stateless" not in name}
    module = receiver(config).eval()
    module.load_state_dict(load_file(path))
    return of_module(module, RECEIVER["steps"])


def receivers_of(arguments: argparse.Namespace, link: Link) -> dict[str, Receiver]:
    """What the arguments ask for, by the names of the table."""
    config = PRESETS["trained"]
    steps, trained = config["steps"], build(config)
    receivers: dict[str, Receiver] = {}
    for name in BASELINES:
        receivers[name] = partial(link.baseline, receiver=name)
    receivers["deployed receiver"] = of_module(trained, steps)
    if arguments.programs:
        receivers["its program"] = of_program(network(trained, config), steps)
    if arguments.start is not None:
        module = receiver({**config, "folded": False}).eval()
        module.load_state_dict(load_file(arguments.start))
        receivers["float"] = of_module(module, steps)
        calibrate = _shown(link.slots(16, np.linspace(0, 14, 16), SEED - 1), steps)
        source = network(module, config)
        widths = (8, 6, 4) if arguments.programs else ()
        receivers |= {f"float at {bits} bits": of_program(source, steps, bits, calibrate) for bits in widths}
    return receivers | {name: _variant(name, Path(path)) for name, path in _pairs(arguments.variant)}


def main() -> None:
    """Print the tables, and how often a receiver decides as the deployed one does."""
    parser = argparse.ArgumentParser(description="Bit errors and information of receivers on the same slots.")
    parser.add_argument("--slots", type=int, default=60, help="slots at each signal-to-noise ratio")
    parser.add_argument("--start", type=Path, help="weights in float, of receiver_training --float: adds that receiver")
    parser.add_argument("--programs", action="store_true", help="adds integer programs, also of float in 8, 6, 4 bits")
    parser.add_argument(
        "--variant", action="append", default=[], metavar="NAME=FILE", help="another, of receiver_training --float"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    link = Link()
    receivers = receivers_of(arguments, link)
    print(table(measure(link, receivers, arguments.slots)))
    slots = link.slots(25, np.linspace(0, 12, 25), SEED + len(DECIBELS))
    found = {name: ratios(slots) for name, ratios in receivers.items()}
    for name, ratios in found.items():
        if name not in (*BASELINES, "deployed receiver"):
            print(f"decides as the deployed receiver: {name} {sign_agreement(ratios, found['deployed receiver']):.6f}")


def _pairs(texts: list[str]) -> list[list[str]]:
    return [text.split("=", 1) for text in texts]


if __name__ == "__main__":
    main()

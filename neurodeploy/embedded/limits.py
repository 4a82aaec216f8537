"""Limits of memory: sizes as users write them, and the error for a network that does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from neurodeploy.embedded.footprint import Footprint, Share
from neurodeploy.errors import CapabilityError, InputError
from neurodeploy.finding import Finding
from neurodeploy.target import Option, Options

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20}
LARGEST_SHOWN = 3


@dataclass(frozen=True)
class Limits:
    """Bytes of flash and of RAM; None: not limited."""

    flash: int | None = None
    ram: int | None = None


def limit_options(flash: str = "", ram: str = "") -> tuple[Option, Option]:
    """The options ``flash`` and ``ram`` of a target, with their defaults; "" stands for no limit."""
    flash_help = "bytes of flash there are, e.g. 512k or 2M; what does not fit is refused"
    ram_help = "bytes of RAM there are, stack included, e.g. 128k; what does not fit is refused"
    return (
        Option("flash", flash, flash_help, partial(_size, "flash")),
        Option("ram", ram, ram_help, partial(_size, "ram")),
    )


def limits(options: Options) -> Limits:
    """The limits that ``-O flash`` and ``-O ram`` name. Raises InputError for what is no size."""
    return Limits(_size("flash", options.get("flash", "")), _size("ram", options.get("ram", "")))


def _size(key: str, text: str) -> int | None:
    if not text:
        return None
    match = re.fullmatch(r"([0-9]{1,12})([kKmM]?)", text)
    if match is None or int(match[1]) == 0:
        raise InputError(f"{text!r} is no size of a memory", f"-O {key}", f"write bytes, or e.g. {key}=512k, {key}=2M")
    return int(match[1]) * UNITS[match[2].lower()]


def check_limits(needed: Footprint, limits: Limits, where: str) -> None:
    """Raises CapabilityError with what is needed, what is given, and the nodes that take most."""
    findings = [
        *_over("flash", needed.flash, limits.flash, _flash_told(needed), needed, lambda share: share.flash),
        *_over("ram", needed.ram, limits.ram, _ram_told(needed), needed, lambda share: share.ram),
    ]
    if findings:
        raise CapabilityError("the network does not fit this memory", where, findings=tuple(findings))


def _over(
    memory: str, need: int, have: int | None, parts: str, footprint: Footprint, of: Callable[[Share], int]
) -> list[Finding]:
    if have is None or need <= have:
        return []
    largest = sorted(footprint.nodes.items(), key=lambda item: -of(item[1]))[:LARGEST_SHOWN]
    nodes = ", ".join(f"{name} {of(share)}" for name, share in largest)
    name = {"flash": "flash", "ram": "RAM"}[memory]
    problem = f"needs {need} bytes of {name} ({parts}), {have} are given; most is taken by {nodes}"
    return [
        Finding(f"{memory}-size", "error", largest[0][0], problem, f"give more with -O {memory}, or shrink the network")
    ]


def _flash_told(needed: Footprint) -> str:
    return f"constants {needed.constants}, code at most {needed.code + needed.padding}"


def _ram_told(needed: Footprint) -> str:
    return f"context {needed.context}, a step's arrays {needed.step_arrays}, stack at most {needed.stack}"

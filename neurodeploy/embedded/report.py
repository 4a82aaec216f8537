"""The memory report of a deployed network, as data and as text."""

from __future__ import annotations

import json
from dataclasses import asdict

from neurodeploy.embedded.footprint import Footprint
from neurodeploy.foreign import in_source

COMPILER = "arm-none-eabi-gcc -Os or -O2 -mcpu=cortex-m4"


def memory_json(needed: Footprint) -> str:
    """Every figure in bytes, with whether it is exact or a bound."""
    data = {
        "bounds_hold_for": COMPILER,
        "flash": {
            "total": needed.flash,
            "constants": _exact(needed.constants),
            "padding": _bound(needed.padding),
            "code": _bound(needed.code),
        },
        "ram": {
            "total": needed.ram,
            "context": {
                **_exact(needed.context),
                "messages": needed.messages,
                "states": needed.states,
                "accumulators": needed.accumulators,
                "indices": needed.indices,
            },
            **({"encoder": _exact(needed.encoder)} if needed.encoder else {}),
            "step_arrays": _exact(needed.step_arrays),
            "stack": _bound(needed.stack),
        },
        "nodes": {name: asdict(share) for name, share in needed.nodes.items()},
    }
    return json.dumps(data, indent=1) + "\n"


def memory_text(needed: Footprint) -> str:
    """The same to be read."""
    rows = [
        ("flash", needed.flash, "bound"),
        ("  constants", needed.constants, "exact"),
        ("  padding of constants", needed.padding, "bound"),
        ("  code", needed.code, "bound"),
        ("RAM", needed.ram, "bound"),
        ("  context", needed.context, "exact"),
        ("    messages", needed.messages, "exact"),
        ("    states", needed.states, "exact"),
        ("    accumulators, shared by all nodes", needed.accumulators, "exact"),
        ("    indices", needed.indices, "exact"),
        *([("  encoder and its samples", needed.encoder, "exact")] if needed.encoder else []),
        ("  inputs and outputs of a step", needed.step_arrays, "exact"),
        ("  stack", needed.stack, "bound"),
    ]
    lines = ["Memory in bytes. Bounds hold for " + COMPILER + ".", ""]
    lines += [f"{name:<40}{size:>10}  {kind}" for name, size, kind in rows]
    lines += ["", f"{'node':<40}{'flash':>10}{'RAM':>10}"]
    lines += [f"{in_source(name):<40}{share.flash:>10}{share.ram:>10}" for name, share in needed.nodes.items()]
    return "\n".join(lines) + "\n"


def _exact(size: int) -> dict[str, int | str]:
    return {"bytes": size, "kind": "exact"}


def _bound(size: int) -> dict[str, int | str]:
    return {"bytes": size, "kind": "bound"}

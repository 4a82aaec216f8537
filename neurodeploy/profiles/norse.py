"""Norse 1.1.0: ``norse/torch/utils/export_nir.py`` and ``norse/torch/functional``.

- LIFBox: ``v += dt * tau_mem_inv * (x + v_leak - v)``, strict comparison, reset to ``v_reset`` in the same step. The
  gain is dt/tau times r, and Norse knows no r: 1. IAF: ``v += x``. LIBox as LIFBox without threshold.
- LIF (exported as CubaLIF): ``j = i + x; v += dt * tau_mem_inv * (v_leak - v + j); i = j - dt * tau_syn_inv * j``: the
  whole input joins the current, so w_in is tau_syn / dt, and this step's current drives the membrane.
- Membranes start at the leak. ``dt`` is 1e-3 unless the module had another; files do not tell.
- The exporter writes ``dt / tau_inv``, that is tau * dt (that of 2023, with nir before 1.0, wrote tau); it writes no
  ``v_reset``, puts the batch into the Input's shape, cannot write Flatten or a Conv2d without bias, and its default 0-d
  parameters make a file that nir rejects.
- Precision: ``tau_inv`` is float32, ``dt * tau_inv`` is rounded to float32 before it meets the state.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurodeploy.contract import Terms
from neurodeploy.network.raw import Raw, RawNode
from neurodeploy.network.rules.repairs import batch_in_shapes
from neurodeploy.profiles.decays import Array, factor_for, numbers, recover, single, tau_for, uniform
from neurodeploy.profiles.defects import batch
from neurodeploy.profiles.evidence import dtypes_are, every, kinds
from neurodeploy.profiles.profile import Defect, Evidence, Overrides, Profile, Translation

TAUS = ("tau", "tau_mem", "tau_syn")


def translate(node: RawNode, terms: Terms) -> Translation:
    """Rates back to time constants in seconds; gains as the cells have them."""
    overrides: Overrides = {"initial_state": uniform(numbers(node, "v_leak")) or 0.0}
    if node.kind in ("I", "IF"):
        return node, {"input_gain": "unit"}
    kept = {key: _keep(node, key, terms) for key in TAUS if node.number(key) is not None}
    changed = node.change(**{key: tau_for(keep, terms) for key, keep in kept.items()}, r=_ones(node))
    if "tau_syn" in kept:
        changed = changed.change(w_in=factor_for(1.0, kept["tau_syn"]))
    return changed, overrides


def _ones(node: RawNode) -> Array:
    return np.ones(numbers(node, "r", 1.0).shape)


def _keep(node: RawNode, key: str, terms: Terms) -> Array:
    """``1 - dt * tau_inv``: tau_inv is float32, and so is its product with dt."""
    dt, tau = single(terms.dt), numbers(node, key).astype(np.float64)
    written = (tau * terms.dt).astype(single)
    rate = recover(1.0 / tau, lambda rate: (single(1) / rate) * dt, written).astype(single)
    return 1.0 - (dt * rate).astype(np.float64)


def times_dt(raw: Raw, terms: Terms) -> Mapping[str, str]:
    """Time constants written as tau * dt: always, in this version; not by the Norse of 2023."""
    places: dict[str, str] = {}
    if _of_2023(raw):
        return places
    for name, node in raw.nodes.items():
        values = {key: value for key in TAUS if (value := node.number(key)) is not None and value.size}
        numbers_text = ", ".join(f"{key} = {float(value.flat[0]):g}" for key, value in values.items())
        if numbers_text:
            places[name] = f"Norse writes tau * dt: {numbers_text} stands for {1 / terms.dt:g} times as many seconds"
    return places


def divide_by_dt(raw: Raw, terms: Terms) -> Raw:
    """tau * dt divided by dt."""
    if _of_2023(raw):
        return raw
    for name, node in raw.nodes.items():
        taus = {key: value.astype(np.float64) / terms.dt for key in TAUS if (value := node.number(key)) is not None}
        raw = raw.change(name, **taus) if taus else raw
    return raw


def _of_2023(raw: Raw) -> bool:
    """Whether a nir before 1.0 wrote the file, with which Norse's exporter still wrote seconds."""
    return raw.version.startswith("0.")


def in_seconds(raw: Raw, _terms: Terms) -> Mapping[str, str]:
    """Files whose time constants need no repair."""
    message = f"nir {raw.version} wrote it, before Norse 1.1: its time constants are seconds as they stand"
    return {"graph": message} if _of_2023(raw) else {}


def _tiny(node: RawNode) -> bool:
    """A time constant that is plausible only as tau * 1e-3: from 0.1 ms to 10 s after the repair."""
    values = [value for key in TAUS if (value := node.number(key)) is not None and value.size]
    return bool(values) and all(bool(np.all((value >= 1e-7) & (value <= 3e-4))) for value in values)


PROFILE = Profile(
    "norse-1.1",
    "LIFBox, LIF and IAF cells; forward Euler, hard reset, one spike",
    Terms(reset="value"),
    translate,
    defects=(
        Defect(
            "norse-tau-times-dt",
            times_dt,
            divide_by_dt,
            "read as seconds the membrane forgets everything within a step or explodes",
            "divide by dt",
        ),
        Defect(
            "norse-before-1.1",
            in_seconds,
            lambda raw, _: raw,
            "multiplied by 1 / dt, as later files need it, membranes would hardly forget",
            "none needed; export again with Norse 1.1 where that is not so",
        ),
        batch("norse-batch-in-input"),
    ),
    evidence=(
        Evidence("its time constants make sense only as tau * dt", 4, every(_tiny, "LIF", "LI", "CubaLIF")),
        Evidence("an Input carries a batch dimension", 2, lambda raw: bool(batch_in_shapes(raw))),
        Evidence("every r is 1", 1, every(lambda node: bool(np.all(numbers(node, "r") == 1)))),
        Evidence("parameters in float32", 1, dtypes_are("float32")),
        Evidence("only neurons Norse exports", 1, kinds("IF", "LIF", "LI", "CubaLIF")),
    ),
    assumes={
        "dt": "files of Norse do not tell dt: its default, 1e-3 s, was taken",
        "reset": "files of Norse tell neither reset_method nor v_reset: its defaults, to 0, were taken",
    },
)

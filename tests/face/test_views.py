"""Every public object has a short text for a prompt and a rich view for a notebook."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.network.file import write_network
from neurodeploy.table import listing
from tests.cli.support import small_network

LINES, COLUMNS = 40, 140
"""What a prompt shows without scrolling."""


def builder() -> nd.NetworkBuilder:
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    build.linear("fc", build.input("camera", (3,)), np.eye(3))
    return build


def contract() -> nd.Contract:
    return nd.Contract(nd.Terms(dt=0.002, reset="subtract")).override("hidden", fires_at=">=")


def bundle(folder: Path) -> nd.Bundle:
    return nd.export(small_network(), "c", folder / "small.c")


def lint_report(folder: Path) -> Any:
    write_network(small_network(), folder / "small.nir")
    return nd.lint(folder / "small.nir")


VIEWS: dict[str, tuple[Callable[[Path], Any], tuple[str, ...], tuple[str, ...]]] = {
    "Network": (lambda _: small_network(), ("Network of 6 nodes", "hidden: IF 4"), ("hidden", "IF", "contract: dt")),
    "NetworkBuilder": (lambda _: builder(), ("NetworkBuilder of 2 nodes", "fc: Linear 3"), ("camera", "Linear")),
    "Contract": (
        lambda _: contract(),
        ("dt = 0.002 s", "reset=subtract", "1 nodes"),
        ("reset_timing", "hidden.fires_at"),
    ),
    "Program": (lambda p: bundle(p).program, ("fc1: dense input -> hidden",), ("populations", "projections")),
    "Bundle": (bundle, ("Bundle for c at", "target/"), ("files of the target", "populations")),
    "Trace": (lambda _: nd.run(small_network()), ("Trace of 1 samples, 100 steps", "hidden: 4"), ("readout", "spikes")),
    "Stimulus": (
        lambda _: nd.Stimulus.of(np.eye(3)),
        ("Stimulus of 1 samples, 3 steps", "input: 3"),
        ("input", "active"),
    ),
    "Report": (
        lambda _: nd.check(small_network(), targets=["fixed"]),
        ("network → program  agree", "hidden", "verdict: agree"),
        ("verdict", "coverage", "readout"),
    ),
    "quantized": (
        lambda _: nd.quantize(small_network(), "int32"),
        ("Quantized: Program of 2 populations", "numerics int32"),
        ("fc1", "bits kept"),
    ),
    "lowered": (lambda _: nd.lower(small_network(), "c"), ("Lowered for c, ",), ("lowered for c", "bits kept")),
    "inspection": (lambda _: nd.inspect(small_network(), "fixed"), ("Network of", "Program of"), ("populations", "IF")),
    "lint report": (lint_report, ("0 findings, 0 of them errors",), ("severity", "spikes")),
    "Finding": (lambda _: nd.Finding("odd", "warning", "fc", "is odd", "look"), ("odd",), ("warning[odd]", "look")),
    "target": (lambda _: nd.targets()["fixed"].target, ("Target fixed:",), ("options", "engine", "what it carries")),
    "reference network": (lambda _: nd.models()["digits"], ("ReferenceModel digits:",), ("preset", "configuration")),
}


@pytest.mark.parametrize("name", VIEWS)
def test_it_is_short_at_a_prompt_and_rich_in_a_notebook(name: str, tmp_path: Path) -> None:
    make, words, cells = VIEWS[name]
    value = make(tmp_path)
    lines = repr(value).splitlines()
    assert 1 <= len(lines) <= LINES and max(map(len, lines)) <= COLUMNS
    assert all(word in repr(value) for word in words)
    page = value._repr_html_()
    assert '<div class="nd">' in page and "<table>" in page
    assert all(cell in page for cell in cells)


def test_many_rows_lose_their_middle() -> None:
    shown = listing("a hundred", [(n, "row") for n in range(100)], most=4)
    assert shown.splitlines() == ["a hundred", "  0: row", "  1: row", "  ... 96 more ...", "  98: row", "  99: row"]

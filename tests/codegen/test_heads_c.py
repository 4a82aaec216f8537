"""The host's integer-exact heads in C: equal to the definitions in Python on every kind of number, under sanitizers."""

import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.codegen import render
from neurodeploy.codegen.heads import heads
from neurodeploy.embedded.files import deploy
from neurodeploy.errors import InputError
from neurodeploy.heads import apply_head
from neurodeploy.host import Head, Host
from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.step.plan import plan
from neurodeploy.trace import Entry, Trace

CC = shutil.which("gcc") or shutil.which("cc")
needs_gcc = pytest.mark.skipif(CC is None, reason="no C compiler (Debian: apt-get install gcc)")
SANITIZED = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-fsanitize=undefined,address")
STOP = ("-fno-sanitize-recover=all",)
GRIDS = [(0, 1, False), (4, 5, False), (-3, 8, False), (5, 8, True), (0, 16, True), (40, 33, True), (-30, 2, True)]
"""Scale, bits and sign of quantizers."""
INPUTS = tuple(Input(f"x{k}", (1,), scale, bits, signed) for k, (scale, bits, signed) in enumerate(GRIDS))
CLASSES = 5


def program(inputs: tuple[Input, ...] = INPUTS, post: Head | None = None, outputs: tuple[str, ...] = ("n",)) -> Program:
    into = tuple(
        Projection(f"p{node.name}", node.name, "n", "dense", np.ones((CLASSES, node.size), dtype=np.int64))
        for node in inputs
    )
    neurons = Population("n", (CLASSES,), kind="relay", output=Output("graded", 8, True))
    return Program(LOIHI2, inputs, (neurons,), into, outputs, Host(post))


ARGMAX = Head("spike-count-argmax", "n")


def built(folder: Path, network: Program, main: str) -> Path:
    files = deploy(network).files
    for name in ("model.c", "model.h"):
        (folder / name).write_bytes(files[name])
    (folder / "main.c").write_text(f'#include <stdio.h>\n#include "model.h"\n{main}')
    subprocess.run([str(CC), *SANITIZED, *STOP, "main.c", "model.c", "-o", "main"], cwd=folder, check=True)
    return folder / "main"


def through(command: Path, data: bytes) -> bytes:
    done = subprocess.run([command], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout


@cache
def numbers() -> np.ndarray:
    """Doubles of every kind: ties and their neighbors at every scale, limits, subnormals, and random bits."""
    rng = np.random.default_rng(11)
    halves = np.concatenate([np.arange(-70, 71) / 2, [2.0**k for k in range(-40, 64)], [2.0**52 + 0.5, 2.0**53 - 1]])
    ties = np.concatenate([halves * 2.0**-scale for scale, _, _ in GRIDS])
    near = np.concatenate([ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf)])
    edges = [5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.0, -0.0, 1e300, 2.0**63, 2.0**64]
    anything = rng.integers(0, 1 << 63, 20000, dtype=np.uint64).view(np.float64)
    usual = rng.normal(0, 1, 20000) * 2.0 ** rng.integers(-12, 36, 20000)
    every = np.concatenate([near, -near, edges, np.negative(edges), anything[np.isfinite(anything)], usual])
    return every.astype(np.float64)


@needs_gcc
def test_quantizers_round_and_clip_as_the_definition_does(tmp_path: Path) -> None:
    network = program()
    kinds = {port.name: port.dtype for port in render(plan(network)).ports}
    calls = "".join(
        f"{{ {kinds[node.name]}_t sent; if (!model_quantize_{node.name}(&x, &sent)) return 2; y = sent; "
        "fwrite(&y, sizeof y, 1, stdout); }\n"
        for node in INPUTS
    )
    loop = f"while (fread(&x, sizeof x, 1, stdin) == 1) {{\n{calls}}}\n"
    main = f"int main(void) {{ double x; int64_t y;\n{loop}return 0; }}"
    command = built(tmp_path, network, main)
    values = numbers()
    quantized = np.frombuffer(through(command, values.tobytes()), np.int64).reshape(-1, len(INPUTS))
    with np.errstate(over="ignore"):
        expected = quantize_inputs(network, {node.name: values.reshape(1, -1, 1) for node in INPUTS})
    for k, node in enumerate(INPUTS):
        wrong = np.flatnonzero(quantized[:, k] != expected[node.name].reshape(-1))
        assert not len(wrong), (
            node,
            values[wrong[0]],
            quantized[wrong[0], k],
            expected[node.name].reshape(-1)[wrong[0]],
        )
        assert {node.output.low, node.output.high} <= set(quantized[:, k].tolist())


@needs_gcc
def test_numbers_that_are_none_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    network = program((Input("input", (3,), 2, 8),))
    main = """int main(void) { double x[3]; uint8_t sent[3] = {7, 7, 7};
  if (fread(x, sizeof x, 1, stdin) != 1) return 1;
  int well = model_quantize_input(x, sent);
  printf("%d %d %d %d", well, sent[0], sent[1], sent[2]);
  return 0; }"""
    command = built(tmp_path, network, main)
    for bad in (np.nan, -np.nan, np.inf, -np.inf):
        assert through(command, struct.pack("3d", 1, 2, bad)) == b"0 7 7 7"
        with pytest.raises(InputError, match="not finite"):
            quantize_inputs(network, {"input": np.array([[[1, 2, bad]]])})
    assert through(command, struct.pack("3d", 1, 2, 3)) == b"1 4 8 12"


@needs_gcc
def test_the_lowest_index_wins_among_those_that_sent_most(tmp_path: Path) -> None:
    main = """int main(void) { int8_t sent[5]; int64_t counts[5] = {0}; int steps = 0;
  while (fread(sent, sizeof sent, 1, stdin) == 1) { model_count(counts, sent); steps++;
    if (steps == 6) { putchar(model_argmax(counts)); steps = 0; for (int i = 0; i < 5; i++) counts[i] = 0; } }
  return 0; }"""
    command = built(tmp_path, program(post=ARGMAX), main)
    rng = np.random.default_rng(3)
    few = rng.integers(0, 2, (300, 6, CLASSES))  # many ties
    signed = rng.integers(-128, 128, (300, 6, CLASSES))
    none = np.zeros((1, 6, CLASSES), dtype=np.int64)
    sent = np.concatenate([few, signed, none, np.full_like(none, -3)])
    counts = sent.sum(axis=1)
    assert (np.sort(counts, axis=1)[:, -1] == np.sort(counts, axis=1)[:, -2]).sum() > 100
    expected = apply_head(ARGMAX, Trace({"n": Entry(sent, True)}))
    assert np.array_equal(np.frombuffer(through(command, sent.astype(np.int8).tobytes()), np.uint8), expected)


def test_a_head_that_is_not_made_of_integers_the_step_gives_stays_out() -> None:
    for post, outputs in ((Head("llr", "n"), ("n",)), (ARGMAX, ())):
        host_side = heads(plan(program(post=post, outputs=outputs)), "model")
        assert host_side.counts is None
        assert host_side.left_out == f"the head {post.kind} of n"
        assert "argmax" not in host_side.source
    assert heads(plan(program()), "model").left_out is None


def test_inputs_of_names_that_c_cannot_spell_get_identifiers() -> None:
    named = (Input("a b", (1,)), Input("n1", (1,)))
    host_side = heads(plan(program(named)), "net")
    assert host_side.quantizers == {"a b": "net_quantize_n0_a_b", "n1": "net_quantize_n1_n1"}


def test_an_input_wider_than_a_float_is_refused() -> None:
    with pytest.raises(InputError, match="60 bits are more than a float holds"):
        heads(plan(program((Input("input", (1,), 0, 60),))), "model")

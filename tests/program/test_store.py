"""A Program comes back from its files as it was, and equal programs are equal bytes."""

import dataclasses
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.errors import InputError
from neurodeploy.host import Head, Host
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.program.population import Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.program.store import npz_bytes, program_files, read_npz, read_program


def same(a: object, b: object) -> bool:
    """Equality of values, arrays and dataclasses of them."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b) and np.asarray(a).dtype == np.asarray(b).dtype  # type: ignore[arg-type]
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    return a == b and type(a) is type(b)


def integers(low: int, high: int):
    return st.one_of(st.integers(low, high), st.lists(st.integers(low, high), min_size=8, max_size=8).map(_array))


def _array(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64).reshape(2, 2, 2)


POPULATIONS = st.builds(
    Population,
    name=st.just("cells"),
    shape=st.just((2, 2, 2)),
    kind=st.sampled_from(["cuba-lif", "li", "relay"]),
    scale=st.integers(-8, 20),
    current_decay=integers(0, 4096),
    membrane_decay=integers(0, 4096),
    threshold=integers(0, 2**17 - 1),
    bias=integers(-(2**23), 2**23),
    compare=st.sampled_from([">", ">="]),
    reset=st.sampled_from(["zero", "value", "subtract", "none"]),
    reset_value=st.integers(-9, 9),
    every_step=st.booleans(),
    floor=st.none() | st.integers(-99, 0),
    ceiling=st.none() | st.integers(0, 99),
    fire_once=st.booleans(),
    max_spikes_per_step=st.integers(1, 9),
    initial_membrane=integers(-99, 99),
    initial_current=integers(-99, 99),
    shift=st.integers(0, 9),
    output=st.builds(Output, st.sampled_from(["binary", "count", "graded"]), st.integers(1, 24), st.booleans()),
    inserted=st.booleans(),
)
ALONG = st.sampled_from([(3, 0), (2, 0), (4, 1), (5, 1)])
"""Stride and padding by which a kernel of 1 leaves 2 places of 4."""


def _conv(groups: int, weights: list[int], rows: tuple[int, int], columns: tuple[int, int], **more: Any) -> Projection:
    """A convolution from two channels of 4x4 to two of 2x2."""
    kernel = np.array(weights).reshape(2, 2, 1, 1)[:, : 2 // groups]
    (down, above), (right, left) = rows, columns
    return Projection(weights=kernel, groups=groups, stride=(down, right), padding=(above, left), **more)


PROJECTIONS = st.builds(
    _conv,
    st.integers(1, 2),
    st.lists(st.integers(-(2**15), 2**15), min_size=4, max_size=4),
    ALONG,
    ALONG,
    name=st.just("conv"),
    source=st.just("input"),
    target=st.just("cells"),
    kind=st.just("conv2d"),
    shift=st.integers(0, 7),
    delay=st.integers(0, 62),
    message_bits=st.integers(1, 24),
    inserted=st.booleans(),
)
HEADS = st.none() | st.builds(
    Head,
    kind=st.sampled_from(["llr", "spike-count-argmax"]),
    node=st.just("cells"),
    parameters=st.dictionaries(
        st.text(min_size=1), st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(), max_size=3
    ),
    weights=st.dictionaries(
        st.sampled_from(["fc1_weight", "fc1_bias"]),
        st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=4).map(
            lambda w: np.array(w, np.float32)
        ),
    ),
)
PROGRAMS = st.builds(
    lambda numerics, given, cells, conv, post: Program(
        numerics, (given,), (cells,), (conv,), ("cells",), Host(post), {"cells": ("a", "b")}
    ),
    st.sampled_from([LOIHI2, INT32, dataclasses.replace(LOIHI2, name="mine", membrane_bits=17)]),
    st.builds(Input, st.just("input"), st.just((2, 4, 4)), st.integers(0, 8), st.integers(1, 16), st.booleans()),
    POPULATIONS,
    PROJECTIONS,
    HEADS,
)


@settings(max_examples=60)
@given(PROGRAMS)
def test_round_trip(program: Program) -> None:
    files = program_files(program)
    again = read_program(files)
    assert same(again, program)
    assert program_files(again) == files


def test_known_numerics_come_back_as_themselves() -> None:
    program = Program(LOIHI2, (Input("input", (1,)),), (), ())
    assert read_program(program_files(program)).numerics is LOIHI2
    changed = dataclasses.replace(LOIHI2, membrane_bits=20)
    assert read_program(program_files(dataclasses.replace(program, numerics=changed))).numerics == changed


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("program.json", b"{}"),
        ("program.json", b"[]"),
        ("program.json", b"no json"),
        ("program.json", b"\xff"),
        ("program.npz", b""),
        ("program.npz", b"noise"),
        ("program.npz", npz_bytes({})),
    ],
)
def test_what_is_no_program_is_bad_input(name: str, data: bytes) -> None:
    cells = Population("cells", (2,), threshold=np.array([1, 2]))
    files = program_files(Program(INT32, (Input("input", (2,)),), (cells,), ()))
    with pytest.raises(InputError, match=r"program\.(json|npz)"):
        read_program({**files, name: data})


@pytest.mark.parametrize("cut", [100, 140, 200])
def test_a_damaged_array_is_bad_input(cut: int) -> None:
    cells = Population("cells", (500,), threshold=np.arange(500) ** 2)
    files = program_files(Program(INT32, (Input("input", (2,)),), (cells,), ()))
    data = files["program.npz"]
    with pytest.raises(InputError, match=r"program\.(json|npz)"):
        read_program({**files, "program.npz": data[:cut] + bytes(8) + data[cut + 8 :]})


def test_another_format_is_refused() -> None:
    files = program_files(Program(INT32, (Input("input", (2,)),), (), ()))
    with pytest.raises(InputError, match="program format 99 is not 1"):
        read_program({**files, "program.json": files["program.json"].replace(b'"format": 1', b'"format": 99')})


def test_arrays_depend_on_nothing_but_themselves() -> None:
    arrays = {"b": np.arange(5), "a": np.zeros((2, 2))}
    assert npz_bytes(arrays) == npz_bytes(dict(reversed(arrays.items())))
    assert {name: array.tolist() for name, array in read_npz(npz_bytes(arrays)).items()} == {
        "a": [[0, 0], [0, 0]],
        "b": [0, 1, 2, 3, 4],
    }


def test_pickled_arrays_are_refused() -> None:
    file = io.BytesIO()
    np.savez(file, a=np.array([object()], dtype=object))
    with pytest.raises(InputError, match="type object"):
        read_npz(file.getvalue())


@pytest.mark.parametrize("ends", [(0, 16), (0, 31)])
def test_the_ends_of_an_input_come_back_and_stand_in_files_only_where_it_has_some(ends: tuple[int, int]) -> None:
    node = Input("input", (2,), scale=4, bits=5, ends=ends)
    files = program_files(Program(INT32, (node,), (), ()))
    assert read_program(files).inputs == (node,)
    assert b"ends" in files["program.json"]
    assert b"ends" not in program_files(Program(INT32, (dataclasses.replace(node, ends=None),), (), ()))["program.json"]


@pytest.mark.parametrize("ends", [(0, 32), (-1, 8), (4, 16), (9, 8)])
def test_ends_outside_the_width_or_without_silence_are_refused(ends: tuple[int, int]) -> None:
    node = Input("input", (2,), bits=5, ends=ends)
    with pytest.raises(InputError, match=r"ends -?\d+ and \d+ are not around 0 within 0 .. 31"):
        read_program(program_files(Program(INT32, (node,), (), ())))

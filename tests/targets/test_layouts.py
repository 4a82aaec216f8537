"""Firmware that people can link: the header in C and C++, and the files of build systems, built by their own tools."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from neurodeploy.targets.c import TARGET
from neurodeploy.targets.cortex_m import TARGET as CORTEX_M

from neurodeploy.embedded.layouts import LAYOUTS
from neurodeploy.errors import InputError
from neurodeploy.flow.exporting import lower
from neurodeploy.network import NetworkBuilder
from neurodeploy.network.network import InputRange, Network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import Artifact

X = np.random.default_rng(0).uniform(-1.0, 1.0, (1, 30, 3))
USE = """\
#include <cstdio>
#include "net.h"
static net_context context;
int main() {
  double values[NET_INPUT_SIZE];
  MESSAGE messages[NET_INPUT_SIZE];
  uint8_t sent[NET_OUTPUT_SIZE];
  net_reset(&context);
  while (true) {
    for (int i = 0; i < NET_INPUT_SIZE; i++) if (std::scanf("%lf", values + i) != 1) return 0;
    if (!net_quantize_input(values, messages)) return 1;
    net_step(&context, messages, sent);
    for (int i = 0; i < NET_OUTPUT_SIZE; i++) std::printf("%d ", sent[i]);
    std::putchar('\\n');
  }
}
"""


def network() -> Network:
    build = NetworkBuilder()
    at = build.input("input", (3,), InputRange(-1.0, 1.0, None, declared=True))
    at = build.linear("fc", at, np.random.default_rng(1).normal(0.4, 0.5, (4, 3)))
    build.output("output", build.lif("lif", at, 5e-3, 0.05))
    return build.build()


def artifact(layout: str) -> Artifact:
    return lower(network(), TARGET, {"layout": layout, "prefix": "net"}).artifact


def written(folder: Path, layout: str) -> Artifact:
    made = artifact(layout)
    for name, data in made.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return made


def needed(*tools: str) -> pytest.MarkDecorator:
    absent = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)} (Debian has it)")


def tool(folder: Path, *words: str, given: str = "") -> str:
    done = subprocess.run(words, cwd=folder, input=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def raster(text: str) -> np.ndarray:
    return np.array([line.split() for line in text.splitlines() if not line.startswith("#")], dtype=int)


def expected(made: Artifact) -> np.ndarray:
    sent = run_program(made.program, {"input": X})["lif"].output[0]
    assert sent.any()
    return sent


@needed("gcc", "g++")
def test_the_header_serves_c_plus_plus_with_its_sizes(tmp_path: Path) -> None:
    made = written(tmp_path, "make")
    header = made.files["net.h"].decode()
    message = re.search(r"net_quantize_input\(const double \*values, (\w+) \*sent\)", header)
    assert message is not None
    (tmp_path / "use.cpp").write_text(USE.replace("MESSAGE", message[1]), encoding="ascii")
    tool(tmp_path, "gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-c", "net.c")
    tool(tmp_path, "g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "use.cpp", "net.o", "-o", "use")
    text = "\n".join(" ".join(f"{value:.17g}" for value in step) for step in X[0])
    assert np.array_equal(raster(tool(tmp_path, "./use", given=text)), expected(made))


def test_the_header_says_sizes_scale_range_and_what_every_function_does() -> None:
    header = artifact("make").files["net.h"].decode()
    for macro in ("NET_INPUT_SIZE 3", "NET_INPUT_SCALE", "NET_INPUT_LOW", "NET_INPUT_HIGH", "NET_OUTPUT_SIZE 4"):
        assert f"#define {macro}" in header
    assert re.search(r'#define NET_DIGEST "[0-9a-f]{16}"', header)
    declared = [line for line in header.splitlines() if re.match(r"\w+ net_\w+\(", line)]
    lines = header.splitlines()
    assert len(declared) == 3
    assert all(lines[lines.index(line) - 1].startswith("/* ") for line in declared)


@needed("cmake", "gcc", "make")
def test_cmake_builds_the_library_and_the_example_which_reads_commas_too(tmp_path: Path) -> None:
    made = written(tmp_path, "cmake")
    tool(tmp_path, "cmake", "-B", "build", "-DCMAKE_C_FLAGS=-Wall -Werror")
    tool(tmp_path, "cmake", "--build", "build")
    for separator in (" ", ", ", ";"):
        text = "\n".join(separator.join(f"{value:.17g}" for value in step) for step in X[0])
        assert np.array_equal(raster(tool(tmp_path, "build/net_example", given=text)), expected(made))


@needed("cmake", "gcc", "g++", "make")
def test_cmake_links_it_into_a_project_of_c_plus_plus(tmp_path: Path) -> None:
    made = written(tmp_path / "net", "cmake")
    header = made.files["net.h"].decode()
    message = re.search(r"net_quantize_input\(const double \*values, (\w+) \*sent\)", header)
    assert message is not None
    (tmp_path / "use.cpp").write_text(USE.replace("MESSAGE", message[1]), encoding="ascii")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C CXX)\nadd_subdirectory(net)\n"
        "add_executable(app use.cpp)\ntarget_link_libraries(app net)\n",
        encoding="ascii",
    )
    tool(tmp_path, "cmake", "-B", "build")
    tool(tmp_path, "cmake", "--build", "build", "--target", "app")
    text = "\n".join(" ".join(f"{value:.17g}" for value in step) for step in X[0])
    assert np.array_equal(raster(tool(tmp_path, "build/app", given=text)), expected(made))


@pytest.mark.parametrize(
    ("layout", "files"),
    [
        ("make", set()),
        ("cmake", {"CMakeLists.txt"}),
        ("zephyr", {"CMakeLists.txt", "zephyr/module.yml"}),
        ("platformio", {"library.json"}),
        ("arduino", {"arduino/library.properties", "arduino/src/net.c", "arduino/src/net.h"}),
    ],
)
def test_a_layout_adds_its_files_and_changes_none(layout: str, files: set[str]) -> None:
    plain, made = artifact("make").files, artifact(layout).files
    assert made.keys() - plain.keys() == files
    assert all(made[name] == data for name, data in plain.items())
    assert set(LAYOUTS) == {"make", "cmake", "zephyr", "platformio", "arduino"}


def test_firmware_of_cortex_m_has_the_layouts_too_and_a_wrong_one_is_named() -> None:
    made = lower(network(), CORTEX_M, {"layout": "zephyr"}).artifact
    assert "zephyr/module.yml" in made.files
    with pytest.raises(InputError, match="did you mean cmake"):
        artifact("cmaek")


@needed("gcc")
def test_a_bundle_with_folders_of_a_layout_runs(tmp_path: Path) -> None:
    from neurodeploy.flow import export, run

    bundle = export(network(), TARGET, tmp_path / "bundle", {"layout": "arduino"})
    trace = run(bundle.path, {"input": X})
    assert np.array_equal(trace["lif"].output, run_program(bundle.artifact.program, {"input": X})["lif"].output)

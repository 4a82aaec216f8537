"""Firmware that people can link: the header in C and C++, and the files of build systems, built by their own tools."""

from __future__ import annotations

import re
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
from tests.targets.build_systems import arduino, find, platformio, told

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


GIVEN = "\n".join(" ".join(f"{value:.17g}" for value in step) for step in X[0])
SKETCH = (
    USE.replace("int main() {", "void setup() {").replace("return 0;", "std::exit(0);").replace("return 1;", "abort();")
)


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
    absent = [name for name in tools if find(name) is None]
    places = " and ".join(f"{name} ({ELSEWHERE.get(name, 'Debian has it')})" for name in absent)
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {places}")


ELSEWHERE = {"pio": "pip install platformio scons"}


def tool(folder: Path, *words: str, given: str = "") -> str:
    return told(*words, folder=folder, given=given)


def use(made: Artifact, text: str = "") -> str:
    """A program in C++ that streams lines of numbers through the network, or such a sketch."""
    message = re.search(r"net_quantize_input\(const double \*values, (\w+) \*sent\)", made.files["net.h"].decode())
    assert message is not None
    return (text or USE).replace("MESSAGE", message[1])


def raster(text: str) -> np.ndarray:
    return np.array([line.split() for line in text.splitlines() if not line.startswith("#")], dtype=int)


def expected(made: Artifact) -> np.ndarray:
    sent = run_program(made.program, {"input": X})["lif"].output[0]
    assert sent.any()
    return sent


@needed("gcc", "g++")
def test_the_header_serves_c_plus_plus_with_its_sizes(tmp_path: Path) -> None:
    made = written(tmp_path, "make")
    (tmp_path / "use.cpp").write_text(use(made), encoding="ascii")
    tool(tmp_path, "gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-c", "net.c")
    tool(tmp_path, "g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "use.cpp", "net.o", "-o", "use")
    assert np.array_equal(raster(tool(tmp_path, "./use", given=GIVEN)), expected(made))


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
    (tmp_path / "use.cpp").write_text(use(made), encoding="ascii")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C CXX)\nadd_subdirectory(net)\n"
        "add_executable(app use.cpp)\ntarget_link_libraries(app net)\n",
        encoding="ascii",
    )
    tool(tmp_path, "cmake", "-B", "build")
    tool(tmp_path, "cmake", "--build", "build", "--target", "app")
    assert np.array_equal(raster(tool(tmp_path, "build/app", given=GIVEN)), expected(made))


@needed("pio", "gcc", "g++")
def test_platformio_builds_a_project_with_the_library(tmp_path: Path) -> None:
    made = written(tmp_path / "library", "platformio")
    program = platformio(tmp_path, tmp_path / "library", use(made))
    assert np.array_equal(raster(tool(tmp_path, str(program), given=GIVEN)), expected(made))


@needed("arduino-builder", "gcc", "g++")
def test_arduinos_builder_builds_a_sketch_with_the_library(tmp_path: Path) -> None:
    made = written(tmp_path / "library", "arduino")
    sketch = "#include <cstdlib>\n" + use(made, SKETCH) + "\nvoid loop() {}\n"
    program = arduino(tmp_path, tmp_path / "library/arduino", sketch)
    assert np.array_equal(raster(tool(tmp_path, str(program), given=GIVEN)), expected(made))


ZEPHYR = """\
cmake_minimum_required(VERSION 3.13)
project(zephyr_stands_in C)
set(ZEPHYR_BASE {folder})
function(zephyr_library_named name)
  set(NAMED ${{name}} PARENT_SCOPE)
  add_library(${{name}} STATIC)
endfunction()
function(zephyr_library_sources)
  target_sources(${{NAMED}} PRIVATE ${{ARGN}})
endfunction()
function(zephyr_include_directories)
  include_directories(${{ARGN}})
endfunction()
add_compile_options(-Wall -Wextra -Werror -std=c99 -mcpu=cortex-m4 -mthumb)
add_subdirectory({module} module)
"""


@needed("cmake", "make", "arm-none-eabi-gcc", "arm-none-eabi-nm")
def test_the_module_calls_zephyrs_functions_for_its_source(tmp_path: Path) -> None:
    """Zephyr itself is not here: three functions of its CMake stand in, as its documentation defines them."""
    written(tmp_path / "library", "zephyr")
    about = (tmp_path / "library/zephyr/module.yml").read_text()
    cmake = re.search(r"^build:\n  cmake: (\S+)$", about, re.MULTILINE)
    assert cmake is not None and about.startswith("name: net\n")
    text = ZEPHYR.format(folder=tmp_path, module=tmp_path / "library" / cmake[1])
    (tmp_path / "CMakeLists.txt").write_text(text, encoding="ascii")
    cross = ("-DCMAKE_C_COMPILER=arm-none-eabi-gcc", "-DCMAKE_SYSTEM_NAME=Generic")
    tool(tmp_path, "cmake", "-B", "build", *cross, "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY")
    tool(tmp_path, "cmake", "--build", "build")
    symbols = tool(tmp_path, "arm-none-eabi-nm", "build/module/libnet.a")
    assert all(f" T net_{name}\n" in symbols for name in ("reset", "step", "quantize_input"))


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

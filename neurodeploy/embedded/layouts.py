"""How build systems find the source of a deployed network: files beside the Makefile, for ``-O layout=...``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from neurodeploy.errors import InputError, choices
from neurodeploy.target import Option, Options

CMAKE = """\
# As a library of another project:  add_subdirectory(target)  target_link_libraries(app {prefix})
# By itself, the example too:       cmake -B build && cmake --build build
# As a module of Zephyr: -DZEPHYR_EXTRA_MODULES=<this folder>
if(ZEPHYR_BASE)
  zephyr_library_named({prefix})
  zephyr_library_sources({prefix}.c)
  zephyr_include_directories(.)
  return()
endif()
cmake_minimum_required(VERSION 3.13)
project({prefix} C)
add_library({prefix} STATIC {prefix}.c)
target_include_directories({prefix} PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})
set_target_properties({prefix} PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR AND EXISTS ${{CMAKE_CURRENT_SOURCE_DIR}}/main.c)
  add_executable({prefix}_example main.c)
  target_link_libraries({prefix}_example {prefix})
endif()
"""


def _cmake(prefix: str, files: Mapping[str, bytes]) -> dict[str, str]:
    return {"CMakeLists.txt": CMAKE.format(prefix=prefix)}


def _zephyr(prefix: str, files: Mapping[str, bytes]) -> dict[str, str]:
    return {**_cmake(prefix, files), "zephyr/module.yml": f"name: {prefix}\nbuild:\n  cmake: .\n"}


def _platformio(prefix: str, files: Mapping[str, bytes]) -> dict[str, str]:
    build = {"srcDir": ".", "includeDir": ".", "srcFilter": ["-<*>", f"+<{prefix}.c>"]}
    about = {"name": prefix, "version": "1.0.0", "frameworks": "*", "platforms": "*", "build": build}
    return {"library.json": json.dumps(about, indent=1) + "\n"}


def _arduino(prefix: str, files: Mapping[str, bytes]) -> dict[str, str]:
    about = {
        "name": prefix,
        "version": "1.0.0",
        "author": "neurodeploy",
        "maintainer": "neurodeploy",
        "sentence": "A spiking network in integers.",
        "paragraph": "Written by neurodeploy export.",
        "category": "Data Processing",
        "url": "https://arduino.github.io/arduino-cli/latest/library-specification/",
        "architectures": "*",
        "includes": f"{prefix}.h",
    }
    properties = "".join(f"{key}={value}\n" for key, value in about.items())
    sources = {f"arduino/src/{name}": files[name].decode("ascii") for name in (f"{prefix}.c", f"{prefix}.h")}
    return {"arduino/library.properties": properties, **sources}


LAYOUTS: Mapping[str, Callable[[str, Mapping[str, bytes]], dict[str, str]]] = {
    "make": lambda _, __: {},
    "cmake": _cmake,
    "zephyr": _zephyr,
    "platformio": _platformio,
    "arduino": _arduino,
}
"""By layout, its files from the prefix of the source and the files that are there."""


def _layout(name: str) -> Callable[[str, Mapping[str, bytes]], dict[str, str]]:
    if name not in LAYOUTS:
        raise InputError(f"there is no layout {name!r}", "-O layout", choices(name, LAYOUTS))
    return LAYOUTS[name]


LAYOUT = Option("layout", "make", f"build system whose files come along: {', '.join(LAYOUTS)}", _layout)


def layout_files(options: Options, prefix: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the layout that ``-O layout`` names. Raises InputError for an unknown one."""
    layout = _layout(options.get(LAYOUT.name, LAYOUT.default))
    return {path: text.encode("ascii") for path, text in layout(prefix, files).items()}

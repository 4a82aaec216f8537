"""Projects of PlatformIO, Arduino and CMake that use an exported library, compiled for this machine.

PlatformIO and Arduino's builder run themselves, as their users run them. What they fetch elsewhere for a board, its
core and toolchain, is a few lines here that call this machine's compiler, so that the program can be run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

SCONS = """
import json, pathlib, SCons
from platformio.dependencies import get_core_dependencies
print(json.dumps([get_core_dependencies()["tool-scons"], str(pathlib.Path(SCons.__file__).parent)]))
"""
SCONS_PY = "import sys\nfrom SCons.Script.Main import main\nsys.exit(main())\n"
PLATFORM = """
from platformio.public import PlatformBase


class HerePlatform(PlatformBase):
    def is_embedded(self):
        return False
"""
BUILDER = """
from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
env.Replace(CC="gcc", CXX="g++", AR="gcc-ar", RANLIB="gcc-ranlib", LINK="$CXX", PROGNAME="program")
Default([env.BuildProgram()])
"""
ARDUINO_PLATFORM = """name=Here
version=1.0.0
recipe.c.o.pattern=gcc -std=c99 -Wall -Wextra -Werror -c {{includes}} "{{source_file}}" -o "{{object_file}}"
recipe.cpp.o.pattern=g++ -c {{includes}} "{{source_file}}" -o "{{object_file}}"
recipe.ar.pattern=ar rcs "{{archive_file_path}}" "{{object_file}}"
recipe.c.combine.pattern=g++ -o "{{build.path}}/program" {{object_files}} "{{build.path}}/{{archive_file}}"
recipe.preproc.macros=g++ -E -x c++ {{includes}} "{{source_file}}" -o "{{preprocessed_file_path}}"
tools.ctags.path=
tools.ctags.pattern="{ctags}" -u --language-force=c++ -f - --c++-kinds=svpf --fields=KSTtzns --line-directives "{{source_file}}"
"""  # noqa: E501
ARDUINO_H = "#pragma once\nvoid setup(void);\nvoid loop(void);\n"
ARDUINO_MAIN = '#include "Arduino.h"\nint main() { setup(); for (;;) loop(); }\n'


def find(tool: str) -> str | None:
    """Where a command is, also beside this Python."""
    beside = Path(sys.executable).parent / tool
    return str(beside) if beside.is_file() else shutil.which(tool)


def told(*command: str, folder: Path, environment: dict[str, str] | None = None, given: str = "") -> str:
    """What a command prints. It has to succeed."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **(environment or {})}, input=given, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def written(folder: Path, files: dict[str, str]) -> Path:
    """Text files by their path below ``folder``."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def platformio(folder: Path, library: Path, main: str) -> Path:
    """The program that PlatformIO builds of ``main`` and the library, as a project of its own in ``folder``."""
    pio = find("pio")
    assert pio is not None
    python = str(Path(pio).resolve().parent / "python")
    needed, scons = json.loads(told(python, "-c", SCONS, folder=folder))
    version = needed.lstrip("~^=")
    package = folder / "core/packages/tool-scons"
    shutil.copytree(scons, package / "SCons")
    identity = {"type": "tool", "name": "tool-scons", "version": version}
    spec = {"owner": "platformio", "id": None, "name": "tool-scons", "requirements": None, "uri": None}
    about = {"name": "here", "title": "Here", "version": "1.0.0", "description": "this machine", "packages": {}}
    written(
        folder,
        {
            "core/packages/tool-scons/scons.py": SCONS_PY,
            "core/packages/tool-scons/package.json": json.dumps({**identity, "description": "SCons", "system": "*"}),
            "core/packages/tool-scons/.piopm": json.dumps({**identity, "spec": spec}),
            "here/platform.json": json.dumps({**about, "engines": {"platformio": ">=6"}, "frameworks": {}}),
            "here/platform.py": PLATFORM,
            "here/builder/main.py": BUILDER,
            "app/platformio.ini": f"[env:here]\nplatform = file://{folder / 'here'}\n",
            "app/src/main.cpp": main,
        },
    )
    shutil.copytree(library, folder / "app/lib/net")
    quiet = {"PLATFORMIO_CORE_DIR": str(folder / "core"), "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "No", "CI": "true"}
    told(pio, "run", folder=folder / "app", environment=quiet)
    return folder / "app/.pio/build/here/program"


def arduino(folder: Path, library: Path, sketch: str) -> Path:
    """The program that Arduino's builder makes of a sketch and the library, for a board that is this machine."""
    builder, ctags = find("arduino-builder"), find("arduino-ctags")
    assert builder is not None and ctags is not None
    core = "hardware/neurodeploy/here/cores/here"
    written(
        folder,
        {
            "hardware/neurodeploy/here/boards.txt": "pc.name=This machine\npc.build.core=here\npc.build.board=PC\n",
            "hardware/neurodeploy/here/platform.txt": ARDUINO_PLATFORM.format(ctags=ctags),
            f"{core}/Arduino.h": ARDUINO_H,
            f"{core}/main.cpp": ARDUINO_MAIN,
            "sketch/sketch.ino": sketch,
        },
    )
    shutil.copytree(library, folder / "libraries" / library.name)
    for name in ("tools", "build"):
        (folder / name).mkdir()
    places = [f"-{name}={folder / name}" for name in ("hardware", "tools", "libraries")]
    told(
        *(builder, "-compile", *places, "-fqbn=neurodeploy:here:pc"),
        *(f"-build-path={folder / 'build'}", str(folder / "sketch/sketch.ino")),
        folder=folder,
    )
    return folder / "build/program"

"""A program as the files of a firmware."""

from __future__ import annotations

import json
from collections.abc import Mapping

from neurodeploy.codegen.probe import dispatcher
from neurodeploy.embedded.files import PREFIX, deploy
from neurodeploy.embedded.layouts import layout_files
from neurodeploy.embedded.limits import Limits, check_limits, limits
from neurodeploy.embedded.runs import DISPATCHER
from neurodeploy.errors import CapabilityError, InputError, choices
from neurodeploy.finding import Finding
from neurodeploy.program.program import Program
from neurodeploy.target import Artifact, Option, Options

from .board import BOARD_C, BOARDS, Board, makefile
from .load import load_file, load_of_options

ABOUT = "board.json"


def _board(machine: str) -> Board:
    if machine not in BOARDS:
        raise InputError(f"there is no board {machine!r}", "-O machine", choices(machine, BOARDS))
    return BOARDS[machine]


MACHINE = Option("machine", "mps2-an386", f"the board that QEMU emulates: {', '.join(BOARDS)}", _board)


def lower(program: Program, options: Options) -> Artifact:
    """Source, probe, start-up code, linker script, Makefile, memory report. No tool is needed.

    Raises InputError for options, CapabilityError where the network does not fit the memory: the board's, or less.
    """
    board = _board(options.get(MACHINE.name, MACHINE.default))
    memory = limits(options)
    prefix, load = options.get(PREFIX.name, PREFIX.default), load_of_options(options, program)
    deployed = deploy(program, prefix)
    check_limits(deployed.footprint, _no_more_than(board, memory), f"target cortex-m ({board.machine})")
    if deployed.probe.buffer_bytes > board.probe:
        problem = f"its probe's buffers take {deployed.probe.buffer_bytes} bytes, the board has {board.probe} for them"
        finding = Finding("probe-size", "error", "program", problem, "use the target c, or shrink the network")
        raise CapabilityError("the network does not fit this board", "target cortex-m", findings=(finding,))
    texts = {
        DISPATCHER: dispatcher([prefix]),
        "board.c": BOARD_C.read_text(encoding="ascii"),
        "link.ld": board.linker_script,
        "Makefile": makefile(board, prefix),
        ABOUT: json.dumps({"machine": board.machine}) + "\n",
    }
    files = {**deployed.files, **{name: text.encode("ascii") for name, text in texts.items()}}
    files |= layout_files(options, prefix, files) | load_file(load)
    notes = (f"for {board.machine} ({board.processor})", *deployed.notes, *([] if load is None else [load.note]))
    return Artifact(program, files, notes=notes)


def board_of(files: Mapping[str, bytes]) -> Board:
    """The board that an artifact's files are for. Raises InputError where they say none."""
    try:
        return _board(json.loads(files[ABOUT])["machine"])
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"does not say its board: {error}", f"target/{ABOUT}", "export the network again") from error


def _no_more_than(board: Board, limits: Limits) -> Limits:
    flash, ram = limits.flash or board.flash, limits.ram or board.ram
    return Limits(min(flash, board.flash), min(ram, board.ram))

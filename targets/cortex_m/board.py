"""The boards that QEMU emulates: processor, memories, and the text of their start-up code and linker script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurodeploy.codegen.example import WARNINGS

MIB = 1 << 20
BOARD_C = Path(__file__).with_name("board.c")
WARNED = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
OPTIMIZED = ("-O2", "-ffreestanding", "-ffunction-sections", "-fno-tree-loop-distribute-patterns")
BUFFERS = '-DND_BUFFER=__attribute__((section(".bss.probe")))'
LINKED = ("-nostdlib", "-Wl,--gc-sections", "-T", "link.ld")


@dataclass(frozen=True)
class Board:
    """An FPGA image of Arm's MPS2 board, as QEMU emulates it. The memories are in bytes.

    ``probe_origin``: a further memory, for the buffers of the probe, so that they take none of the network's.
    """

    machine: str
    processor: str
    probe_origin: int
    flash: int = 4 * MIB
    ram: int = 4 * MIB
    probe: int = 16 * MIB

    @property
    def flags(self) -> tuple[str, ...]:
        """The compiler's flags for the processor and the source."""
        return f"-mcpu={self.processor}", "-mthumb", "-mfloat-abi=soft", *OPTIMIZED, *WARNED, BUFFERS

    @property
    def linker_script(self) -> str:
        """The linker script: the memories, and what lies in each."""
        return LINKER_SCRIPT.format(self=self)


LINKER_SCRIPT = """/* {self.machine}: code and constants at 0, data from 0x20000000, the probe's buffers apart. */
MEMORY {{
  FLASH (rx) : ORIGIN = 0x00000000, LENGTH = {self.flash}
  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = {self.ram}
  PROBE (rwx) : ORIGIN = {self.probe_origin:#010x}, LENGTH = {self.probe}
}}

ENTRY(board_reset)

SECTIONS {{
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) . = ALIGN(8); }} > FLASH
  .ARM.exidx : {{ *(.ARM.exidx*) }} > FLASH
  .probe (NOLOAD) : {{
    . = ALIGN(8); board_probe_start = .; *(.bss.probe*) . = ALIGN(8); board_probe_end = .;
  }} > PROBE
  .data : {{ board_data_start = .; *(.data*) . = ALIGN(8); board_data_end = .; }} > RAM AT > FLASH
  board_data_load = LOADADDR(.data);
  .bss (NOLOAD) : {{
    . = ALIGN(8); board_bss_start = .; *(.bss*) *(COMMON) . = ALIGN(8); board_bss_end = .;
  }} > RAM
  board_stack_top = ORIGIN(RAM) + LENGTH(RAM);
}}
"""

BOARDS = {
    board.machine: board
    for board in (Board("mps2-an386", "cortex-m4", 0x21000000), Board("mps2-an500", "cortex-m7", 0x60000000))
}


def makefile(board: Board, prefix: str) -> str:
    """Builds and runs the firmware by hand, as the target itself does."""
    compiled = " ".join(flag for flag in board.flags if flag not in (*WARNED, BUFFERS))
    return f"""# make          builds firmware.elf for {board.machine}
# make record   runs it under QEMU: it reads the tasks in the file job, and writes the file record
CC := arm-none-eabi-gcc
CFLAGS := {compiled} {WARNINGS} '{BUFFERS}'
SOURCES := board.c probe.c {prefix}_probe.c

firmware.elf: $(SOURCES) {prefix}.c {prefix}.h link.ld
	$(CC) $(CFLAGS) $(SOURCES) {" ".join(LINKED)} -lgcc -o $@

record: firmware.elf job
	qemu-system-arm {" ".join(qemu(board))} -kernel firmware.elf

.PHONY: clean
clean:
	rm -f firmware.elf record
"""


def qemu(board: Board) -> tuple[str, ...]:
    """How the board is emulated: one instruction takes 128 ns, whatever it is, so that time counts instructions."""
    return (
        *("-M", board.machine, "-nodefaults", "-nographic", "-no-reboot"),
        *("-semihosting-config", "enable=on,target=native"),
        *("-icount", "shift=7,sleep=off"),
    )

"""The emulated computer's memory: what stands where."""

from __future__ import annotations

MEBIBYTE = 1 << 20
SIZE = 1024 * MEBIBYTE
GIVEN, MADE, CONTEXT = 256 * MEBIBYTE, 384 * MEBIBYTE, 896 * MEBIBYTE
"""Where a run's stimulus, its records and its context start. The image and its stack stand below; contexts reach to
the end."""
SECTOR, LINE = 512, 64
UNTOUCHED, DONE = 0xA5, 0x656E6F64
"""What fills the records and the context before a run, and the first word of records that are whole."""

"""Write ``slots.safetensors`` again: ``python -m neurodeploy.models.spikingrx.make_slots``; needs ``sionna``."""

from pathlib import Path

from .link import Link
from .slots import joined, save_slots

DECIBELS, EACH, SEED = (0, 3, 6, 9, 12, 15), 8, 9_000_000
"""Signal-to-noise ratios in dB, slots at each of them, and the seed of the first; training draws none of these."""


def main() -> None:
    """Draw the slots and write them beside this file."""
    link = Link()
    parts = [link.slots(EACH, decibels, SEED + number) for number, decibels in enumerate(DECIBELS)]
    save_slots(joined(parts), Path(__file__).parent / "slots.safetensors")


if __name__ == "__main__":
    main()

"""Whether a run is evidence for the program it ran: an independent implementation, or the reference once more."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Evidence:
    """What it means that a run agrees with the reference.

    - ``independent``: another implementation ran, so agreement says something. Where it is False the reference's own
      code ran again, and agreement says nothing.
    - ``reason``: a phrase for the report: what ran, and why.
    """

    independent: bool
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Evidence:
        """What ``to_json`` gave. Raises KeyError or TypeError for anything else."""
        return Evidence(bool(data["independent"]), str(data["reason"]))


INDEPENDENT = Evidence(True, "an independent implementation ran")
SAME_CODE = Evidence(False, "the reference runner itself ran")


def same_code(why: str) -> Evidence:
    """The reference's own code ran, and ``why``."""
    return Evidence(False, f"{SAME_CODE.reason}: {why}")

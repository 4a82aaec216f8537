"""Findings as files hold them."""

from __future__ import annotations

from typing import Any

import msgspec

from neurodeploy.finding import Finding, Severity
from neurodeploy.reading.json import as_kind


class Noticed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding as plain data."""

    slug: str
    severity: Severity
    node: str
    message: str
    remedy: str = ""
    effect: str = ""


def findings_of(plain: Any, where: str, what: str, remedy: str) -> tuple[Finding, ...]:
    """The findings of a file's list of them. Raises InputError: ``what`` is wrong (``where``, ``remedy``), and why."""
    noticed = as_kind(plain, tuple[Noticed, ...], where, what, remedy)
    return tuple(Finding(**msgspec.structs.asdict(finding)) for finding in noticed)

"""constraints.txt is the whole development set-up, and nothing else."""

from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def pins() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    parts = [line.split("==") for line in lines]
    return {canonicalize_name(name): number for name, number in parts}


def needed_by(*requirements: str) -> set[str]:
    """The installed packages that requirements lead to."""
    found: set[tuple[str, str]] = set()
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        requirement = waiting.pop()
        for extra in {"", *requirement.extras}:
            key = (canonicalize_name(requirement.name), extra)
            if key in found:
                continue
            try:
                declared = distribution(requirement.name).requires or []
            except PackageNotFoundError:
                continue
            found.add(key)
            inner = [Requirement(each) for each in declared]
            waiting += [each for each in inner if each.marker is None or each.marker.evaluate({"extra": extra})]
    return {name for name, _ in found}


def test_every_package_of_the_development_setup_is_pinned() -> None:
    """Left out are the accelerator libraries that some builds of torch bring, and pip, which comes with Python."""
    assert needed_by("neurodeploy[dev]") - {"neurodeploy", "pip"} - pins().keys() <= needed_by("torch")


def test_nothing_else_is_pinned() -> None:
    assert pins().keys() <= needed_by("neurodeploy[dev]")


def test_the_installed_versions_are_the_pinned_ones() -> None:
    installed = {name: version(name).split("+")[0] for name in pins()}
    assert installed == pins()

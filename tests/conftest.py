"""Settings every test shares."""

import os
import signal
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers already use every core; a pool of threads in each would only make them wait for one another.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")

# A shell starts what runs in its background with interrupts ignored, and so would every program these tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Deadlines measure the machine, not the code; under CI the examples are the same in every run.
settings.register_profile("neurodeploy", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("neurodeploy")


REQUIRED = "NEURODEPLOY_REQUIRE_SYSTEM"
PACKAGE = "apt-get install"
"""What the reason of every skip says that a system package would prevent."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where system packages are promised ($NEURODEPLOY_REQUIRE_SYSTEM=1), a test that skips for want of one fails."""
    return failed_if_promised((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself."""
    return failed_if_promised((yield))


def failed_if_promised(report: Any) -> Any:
    if report.skipped and os.environ.get(REQUIRED) == "1" and PACKAGE in str(report.longrepr):
        if hasattr(report, "wasxfail"):
            return report
        report.outcome = "failed"
        report.longrepr = f"{REQUIRED}=1, and yet: {report.longrepr}"
    return report

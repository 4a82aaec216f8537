"""Kernels that a test runs with."""

import pytest

from neurodeploy.encoding.kernels import engine


@pytest.fixture(params=["numpy", "numba"])
def kernels(request):
    """Both kinds of kernels, one after the other."""
    if request.param == "numba":
        pytest.importorskip("numba", reason="compiled kernels need the extra fast")
    with engine(request.param):
        yield

"""Compiled code of these tests goes to a cache of their own."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    before = {key: os.environ.get(key) for key in ("NEURODEPLOY_HOME", "XDG_CACHE_HOME")}
    os.environ.pop("NEURODEPLOY_HOME", None)
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield None
    for key, value in before.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value

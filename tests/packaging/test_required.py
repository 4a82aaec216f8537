"""Where system packages are promised, as in .ci/run, a test that skips for want of one fails."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WANT = "no x (Debian: apt-get install x)"
TESTS = {
    "test_marked.py": f"import pytest\n@pytest.mark.skipif(True, reason='{WANT}')\ndef test(): ...\n",
    "test_called.py": f"import pytest\ndef test(): pytest.skip('{WANT}')\n",
    "test_file.py": f"import pytest\npytest.skip('{WANT}', allow_module_level=True)\n",
    "test_other.py": "import pytest\ndef test(): pytest.skip('no AVX-512 here')\n",
    "test_fine.py": "def test(): pass\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    for name, text in TESTS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def outcomes(folder: Path, *more: str, **promised: str) -> Counter[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NEURODEPLOY"))}
    options = ("-q", "-p", "no:cacheprovider", "--continue-on-collection-errors", *more)
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **promised}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found = Counter(
        {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout)}
    )
    assert (done.returncode != 0) == bool(found["failed"] + found["error"])
    return found


def test_a_missing_package_is_a_reason_to_skip(folder: Path) -> None:
    assert outcomes(folder) == {"passed": 1, "skipped": 4}


@pytest.mark.parametrize("more", [(), ("-p", "xdist", "-n", "1")], ids=["one process", "xdist"])
def test_but_not_where_packages_are_promised(folder: Path, more: tuple[str, ...]) -> None:
    expected = {"passed": 1, "skipped": 1, "failed": 1, "error": 2}
    assert outcomes(folder, *more, NEURODEPLOY_REQUIRE_SYSTEM="1") == expected


def test_ci_installs_them_first_and_then_promises_them() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines.index("make system") < lines.index("NEURODEPLOY_REQUIRE_SYSTEM=1 make test")

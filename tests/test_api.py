"""The names of the package itself."""

import subprocess
import sys

import neurodeploy as nd


def test_targets_can_be_called_again_and_after_the_package_of_targets_was_imported() -> None:
    first = nd.targets()
    import neurodeploy.targets.fixed

    assert neurodeploy.targets.fixed.TARGET.name == "fixed"
    assert first.keys() == nd.targets().keys() >= {"fixed", "loihi-sim"}


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'h5py', 'numpy', 'nir', 'rich'}"
    code = f"import sys, neurodeploy; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

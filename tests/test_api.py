"""``import neurodeploy as nd`` shows, completes and documents every public name before any is used."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import neurodeploy as nd

FUNCTIONS = (
    "load",
    "export",
    "run",
    "check",
    "reduce",
    "lint",
    "convert",
    "inspect",
    "encode",
    "decode",
    "quantize",
    "lower",
    "prove",
    "cost",
    "sweep",
    "place",
)
HELPERS = ("finetune", "stages", "install_target", "build_model", "events_info", "conform", "schema")
LISTS = ("targets", "models")
NAMESPACES = ("torch", "plot")
CLASSES = (
    "Network",
    "NetworkBuilder",
    "Contract",
    "Terms",
    "InputRange",
    "Program",
    "Bundle",
    "Stimulus",
    "Trace",
    "Report",
    "Proof",
    "Placement",
)
ERRORS = ("NeurodeployError", "InputError", "RefusedError", "CannotRepresentError", "CapabilityError")
MACHINE = ("UnavailableError", "EnvironmentFailureError")


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_public_names_are_these_and_no_others() -> None:
    assert set(nd.__all__) == {
        *FUNCTIONS,
        *HELPERS,
        *LISTS,
        *NAMESPACES,
        *CLASSES,
        *ERRORS,
        *MACHINE,
        "Finding",
        "__version__",
    }


@pytest.mark.parametrize("name", sorted({*nd.__all__} - {"__version__"}))
def test_every_public_name_is_there_and_documented(name: str) -> None:
    documented = getattr(nd, name)
    assert len((inspect.getdoc(documented) or "").split()) > 3
    assert name in (nd.__doc__ or "").replace(",", " ").replace("`", " ").split()


@pytest.mark.parametrize("name", (*FUNCTIONS, *HELPERS))
def test_a_function_of_the_package_is_public_under_its_own_name(name: str) -> None:
    assert getattr(nd, name).__name__ == name


def test_a_name_that_does_not_exist_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module 'neurodeploy' has no attribute 'lod'"):
        nd.lod  # type: ignore[attr-defined]  # noqa: B018


def test_names_are_complete_and_help_is_useful_before_first_use() -> None:
    assert python("import neurodeploy as nd; print(sorted(set(nd.__all__) - set(dir(nd))))") == "[]"
    page = python("import pydoc, neurodeploy as nd; print(pydoc.render_doc(nd, renderer=pydoc.plaintext))")
    assert all(name in page for name in nd.__all__ if name != "__version__")
    assert "load(source: 'str | Path" in page
    assert "class Network(" in page


def test_type_checkers_see_every_public_name() -> None:
    tree = ast.parse(Path(nd.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = [alias.asname or alias.name for node in block.body for alias in node.names]  # type: ignore[attr-defined]
    assert {*imported, "__version__"} == set(nd.__all__)


def test_lists_can_be_called_again_and_after_their_package_was_imported() -> None:
    first = nd.targets(), nd.models()
    import neurodeploy.models.digits
    import neurodeploy.targets.fixed

    assert neurodeploy.targets.fixed.TARGET.name == "fixed"
    assert neurodeploy.models.digits.MODEL.name == "digits"
    assert first[0].keys() == nd.targets().keys() >= {"fixed", "loihi-sim"}
    assert first[1].keys() == nd.models().keys() >= {"digits", "spikeseg"}


def test_importing_the_package_imports_nothing_but_itself_and_the_standard_library() -> None:
    code = "import sys; sys.path.pop(0) if not sys.path[0] else 0; before = set(sys.modules); import neurodeploy; "
    code += "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    imported = python(code).split()
    assert "neurodeploy" in imported
    assert {*imported} - sys.stdlib_module_names == {"neurodeploy"}
    assert len(imported) < 10, "every module costs time"

"""Every verb has its twin in Python, with the same options under the same names."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import neurodeploy as nd
from neurodeploy.flow.arguments import LoadOptions, StimulusOptions, stimulus_of
from tests.cli.support import VERBS

TWINS: dict[str, Callable[..., Any]] = {
    "export": nd.export,
    "run": nd.run,
    "check": nd.check,
    "inspect": nd.inspect,
    "lint": nd.lint,
    "convert": nd.convert,
    "cost": nd.cost,
    "reduce": nd.reduce,
    "finetune": nd.finetune,
    "place": nd.place,
    "sweep": nd.sweep,
    "encode": nd.encode,
    "decode": nd.decode,
    "events info": nd.events_info,
    "targets conform": nd.conform,
    "targets install": nd.install_target,
    "models build": nd.build_model,
    "targets": nd.targets,
    "models": nd.models,
    "schema": nd.schema,
}
PRINTED = {"json", "quiet", "help", "html", "junit", "map"}
"""Options of what a verb prints; in Python the value that is returned has them as methods."""
RENAMED = {
    "O": "options",
    "input": "stimulus",
    ("check", "target"): "targets",
    ("sweep", "target"): "targets",
    ("sweep", "input"): "stimuli",
    ("sweep", "seed"): "seeds",
    ("encode", "parameter"): "parameters",
}
ELSEWHERE = {("export", "stop_after"): nd.stages}
"""Options of ``export --stages``, which is ``nd.stages`` in Python."""


def names(command: Any) -> list[str]:
    """The options and arguments of a verb, by their long names, as Python writes them."""
    return [max(parameter.opts, key=len).lstrip("-").replace("-", "_") for parameter in command.params]


def twin_of(verb: str, option: str) -> tuple[Callable[..., Any], str]:
    """The function that takes an option of a verb, and the name of its parameter."""
    function = ELSEWHERE.get((verb, option), TWINS[verb])
    return function, RENAMED.get((verb, option), RENAMED.get(option, option))


def test_every_verb_has_a_twin() -> None:
    assert VERBS.keys() == TWINS.keys()


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_a_verb_is_a_parameter_of_its_twin(verb: str) -> None:
    for option in names(VERBS[verb]):
        if option in PRINTED or (verb, option) == ("export", "stages"):
            continue
        function, name = twin_of(verb, option)
        assert name in inspect.signature(function).parameters, f"{verb} --{option} has no {name} in {function}"


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("targets", "models")])
def test_a_twin_tells_its_parameters_errors_and_an_example(verb: str) -> None:
    page = inspect.getdoc(TWINS[verb]) or ""
    assert "Raises" in page and (">>> nd." in page or "= nd." in page)
    documented = page.replace("`", " ").replace(":", " ").replace(",", " ").split()
    shared = LoadOptions.__annotations__.keys() | StimulusOptions.__annotations__.keys()
    assert {*inspect.signature(TWINS[verb]).parameters} - {*documented} - shared <= {"progress"}


def test_shared_arguments_are_those_of_the_functions_that_take_them() -> None:
    def keywords(function: Callable[..., Any]) -> set[str]:
        parameters = inspect.signature(function).parameters.values()
        return {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}

    assert keywords(nd.load) == LoadOptions.__annotations__.keys()
    assert keywords(stimulus_of) == StimulusOptions.__annotations__.keys()


@pytest.mark.parametrize(
    "name",
    [
        "export",
        "run",
        "check",
        "inspect",
        "lint",
        "convert",
        "quantize",
        "lower",
        "reduce",
        "finetune",
        "cost",
        "place",
    ],
)
def test_help_spells_out_how_a_source_is_loaded(name: str) -> None:
    assert inspect.signature(getattr(nd, name)).parameters.keys() >= LoadOptions.__annotations__.keys()


SPELLED = (
    "check",
    "run",
    "export",
    "place",
    "cost",
    "reduce",
    "sweep",
    "finetune",
    "convert",
    "lint",
    "inspect",
    "prove",
)


@pytest.mark.parametrize("verb", SPELLED)
def test_an_argument_that_a_verb_does_not_have_is_told_by_the_name_of_the_verb(verb: str) -> None:
    with pytest.raises(TypeError, match=rf"^{verb}\(\) has no argument 'modul': did you mean module\? it takes: "):
        getattr(nd, verb)("a.nir", "b", modul="net:make")

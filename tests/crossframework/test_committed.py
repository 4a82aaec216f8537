"""The committed set is whole, is what its manifest says, and has what it must have of every framework."""

import pytest

from tests.crossframework.committed import DATA, MANIFEST, REFUSED, cases, digest, manifest, members, records, refused
from tests.crossframework.environments import ENVIRONMENTS
from tests.crossframework.roundtrip import CASES as ROUND
from tests.crossframework.roundtrip import TABLE
from tests.crossframework.workers.nets import Net

FRAMEWORKS = sorted(ENVIRONMENTS)


def test_every_framework_is_there():
    assert sorted(manifest()) == FRAMEWORKS
    assert {path.name for path in DATA.iterdir()} == {
        MANIFEST,
        REFUSED,
        TABLE,
        *(f"{name}.tar.xz" for name in FRAMEWORKS),
    }


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_file_is_the_one_that_the_generator_wrote(framework):
    told = manifest()[framework]
    digests = {name: sha for case in told["cases"].values() for name, sha in case.get("digests", {}).items()}
    assert {name: digest(content) for name, content in members(framework).items()} == digests
    assert told["versions"][framework]


def test_the_table_of_refusals_is_that_of_the_manifest():
    assert (DATA / REFUSED).read_text(encoding="utf-8") == refused(manifest())


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_stimulus_is_the_one_that_its_name_draws(framework):
    for case in (each for each in cases() if each.framework == framework):
        x, layers = records(case)
        net = Net(*case.name.split("-"))
        assert manifest()[framework]["cases"][case.name]["seed"] == net.seed
        assert (x == net.stimulus).all()
        assert x.shape[1] >= 100 and all(record.shape[:2] == x.shape[:2] for record in layers)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_weights_are_dyadic_in_some_nets_and_random_in_others(framework):
    kinds = {case.exactness for case in cases() if case.framework == framework}
    assert "ties" in kinds and ("exact" in kinds or framework == "rockpool"), "Rockpool's decays are exponential"


def test_the_set_stays_small():
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 700_000


def test_the_round_trip_was_measured_for_every_network_and_framework():
    rows = [
        line.strip("| ").split(" | ") for line in (DATA / TABLE).read_text(encoding="utf-8").splitlines() if "|" in line
    ]
    assert sorted(rows[0][1:]) == FRAMEWORKS
    assert [row[0] for row in rows[2:]] == [case.needs for case in ROUND.values()]
    same = {name for row in rows[2:] for name, cell in zip(rows[0], row, strict=True) if cell == "**same**"}
    assert same == {"norse", "snntorch", "spikingjelly", "spyx"}, "the others' importers take none of our files"

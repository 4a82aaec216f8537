"""At every width of a terminal all names are there: columns fold, or rows are stacked, and nothing is left out."""

from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console, RenderableType

import neurodeploy as nd
from neurodeploy.document import plain_text
from neurodeploy.report import console
from neurodeploy.report.fitted import Fitted
from neurodeploy.table import Table

LONG = "encoder.stage2.block1.shortcut_lif"
WIDTHS = (60, 80, 120)


def network() -> nd.Network:
    random = np.random.default_rng(0)
    build = nd.NetworkBuilder(nd.Terms(dt=1e-3))
    drive = build.linear("encoder.stage2.block1.fc", build.input("camera", (4,)), random.uniform(-0.4, 0.9, (6, 4)))
    cells = build.lif(LONG, drive, tau=4e-3, threshold=0.5)
    out = build.lif("out", build.linear("head", cells, random.uniform(-0.3, 0.9, (2, 6))), tau=4e-3, threshold=1.0)
    build.output("output", out)
    return build.build()


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[RenderableType]]:
    """What verbs show of a network with names as they are in real ones."""
    made, folder = network(), tmp_path_factory.mktemp("views")
    bundle = nd.export(made, "fixed", Path(folder / "net.fixed"))
    report = nd.check(made, targets=["fixed"], steps=30, causes=True, budget=0.5, allow_silent=[LONG, "out"])
    return {
        "inspect": console.show_inspection(nd.inspect(made, "fixed")),
        "inspect of a bundle": console.show_inspection(nd.inspect(bundle)),
        "inspect of a trace": [console.show_trace(nd.run(made, steps=5, on="program"))],
        "export": [console.show_bundle(bundle)],
        "check": [console.show_report(report)],
        "losses": [console.render(report.blocks(complete=True))],
    }


def printed(width: int, parts: Iterable[RenderableType]) -> str:
    out = StringIO()
    shown = Console(file=out, width=width)
    for part in parts:
        shown.print(part)
    return out.getvalue()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", ["inspect", "inspect of a bundle", "inspect of a trace", "export", "check", "losses"])
def test_no_name_is_dropped_and_no_line_is_too_wide(
    view: str, width: int, views: dict[str, list[RenderableType]]
) -> None:
    text = printed(width, views[view])
    wide = printed(400, views[view])
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert LONG in text and "out" in text
    missing = {word for word in wide.split() if len(word) <= width - 4 and word not in text and word + ":" not in text}
    assert missing <= {"node", "name", "population"}  # the head of the first column, where rows are stacked


TABLE = Table("things", ("name", ">count", "of what"), [("a_long_name", 12, "words that can be folded"), ("b", 3, "")])


def lines(width: int, table: Table = TABLE) -> list[str]:
    return [line.rstrip() for line in printed(width, [Fitted(table)]).splitlines()]


def test_a_table_that_fits_is_as_it_ever_was() -> None:
    assert lines(60) == plain_text([TABLE]).splitlines() == lines(44)


def test_a_narrower_one_folds_its_texts() -> None:
    assert lines(36) == [
        "things",
        "name         count  of what",
        "a_long_name     12  words that can",
        "                    be folded",
        "b                3",
    ]


def test_the_narrowest_puts_the_cells_of_a_row_below_its_first() -> None:
    assert lines(30) == [
        "things",
        "a_long_name",
        "  count: 12",
        "  of what: words that can be",
        "  folded",
        "b",
        "  count: 3",
    ]


def test_what_is_wider_than_the_terminal_is_folded_and_kept() -> None:
    name = "n" * 50
    shown = lines(20, Table("", ("node",), [(name,)]))
    assert "".join(shown) == name and max(map(len, shown)) == 20


def test_a_table_without_columns_is_its_title() -> None:
    assert lines(40, Table("no program", (), [])) == ["no program"]

"""What public objects show in a notebook: every node, and nothing of a name taken for markup."""

from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest

from neurodeploy.bundle import Bundle
from neurodeploy.contract import Contract
from neurodeploy.finding import Finding
from neurodeploy.html import STYLE, fragment, html_table
from neurodeploy.network.network import Network
from neurodeploy.numerics import LOIHI2
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Divergence, NodeResult, Rung
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.target import Artifact
from neurodeploy.trace import Entry, Trace

HOSTILE = '<script>alert("1")&'
VOID = {"br"}


class Markup(HTMLParser):
    """The tags of a fragment, checked for balance, and the text between them outside of styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)


def network():
    nodes = {
        "in": nir.Input(np.array([3])),
        HOSTILE: nir.Linear(np.ones((2, 3))),
        "lif": nir.LIF(tau=np.ones(2), r=np.ones(2), v_leak=np.zeros(2), v_threshold=np.ones(2)),
        "out": nir.Output(np.array([2])),
    }
    names = list(nodes)
    return Network(nir.NIRGraph(nodes, list(pairwise(names))), Contract().override("lif", dt=2.0))


def program():
    return Program(
        LOIHI2,
        (Input("in", (3,), scale=4, bits=5),),
        (Population(HOSTILE, (2,), threshold=64, bias=np.array([-7, 9])), Population("lif", (2,), inserted=True)),
        (
            Projection("fc1", "in", HOSTILE, "dense", np.array([[2, 4, -6], [0, 0, 254]]), message_bits=5),
            Projection("back", HOSTILE, "lif", "dense", np.eye(2, dtype=np.int64), delay=3),
        ),
    )


def trace():
    spikes = np.zeros((1, 4, 2), dtype=np.int64)
    spikes[0, 1] = 1
    return Trace({HOSTILE: Entry(spikes), "read": Entry(spikes - 1, graded=True)}, {"rung": HOSTILE})


def bundle():
    layer = {"projection": "fc1", "weight_bits": 8, "exact": False, "largest_error": 0.125, "worst_case_input": 4321}
    artifact = Artifact(program(), {"lava.net": b"12345"}, notes=(HOSTILE,))
    return Bundle(Path("/somewhere/else/net.fixed"), "fixed", {}, network(), artifact, {"layers": [layer]}, "0f" * 32)


def report():
    first = Divergence(HOSTILE, 0, 1, (1,), 1.0, 0.0)
    node = NodeResult(2, 1, 1, 8, 0.5, first)
    rung = Rung("program", HOSTILE, "exact", "diverged", {HOSTILE: node}, first, notes=(HOSTILE,))
    finding = Finding("range", "warning", HOSTILE, HOSTILE, HOSTILE)
    task = {HOSTILE: {"class": [3]}, "fixed": {"accuracy": 0.75}}
    return Report((rung,), {HOSTILE: {"activity": 0.25}}, task, (finding,), {HOSTILE: HOSTILE})


@pytest.mark.parametrize("make", [network, program, trace, bundle, report])
def test_a_hostile_name_is_shown_as_text_and_never_as_markup(make):
    html = make()._repr_html_()
    shown = Markup(html)
    assert "script" not in shown.tags
    assert any(HOSTILE in text for text in shown.text)


def cells(value):
    return set(Markup(value._repr_html_()).text)


def test_a_network_lists_every_node_with_its_type_shape_source_and_own_terms():
    assert {"in", HOSTILE, "lif", "out", "Input", "Linear", "LIF", "Output", "3", "2", "dt=2.0"} <= cells(network())


def test_a_program_lists_inputs_populations_and_projections_with_their_integers():
    shown = cells(program())
    assert {"in", "5 bit, scale 2^4", HOSTILE, "lif (inserted)", "> 64", "-7..9"} <= shown
    assert {"fc1", "back", "-6..254", "lif (delay 3)"} <= shown
    assert "numerics: loihi2, 10 weights of 8 bits: 0.0 KiB" in shown


def test_a_program_says_on_a_terminal_what_joins_what():
    assert repr(program()).splitlines()[-1] == f"  back: dense {HOSTILE} -> lif"


def test_a_trace_lists_every_entry_with_its_spikes_and_share_of_active_cells():
    assert {"trace of 1 samples, 4 steps", HOSTILE, "2", "25.00 %", "read", "values", "75.00 %"} <= cells(trace())


def test_a_bundle_shows_what_quantization_did_and_the_files_but_not_where_it_lies():
    shown = cells(bundle())
    assert {"fc1", "8", "0.12", "4321", "lava.net", "5"} <= shown
    assert any(text.startswith("bundle net.fixed for fixed, digest 0f0f") for text in shown)
    assert "/somewhere" not in bundle()._repr_html_()


def test_a_report_in_a_notebook_is_the_tables_of_its_page():
    piece = report()._repr_html_()
    tables = piece.partition('<div class="nd">')[2].removesuffix("</div>")
    assert "<!doctype" not in piece and tables in report().to_html()
    assert {"diverged", "0.5000", "25.00 %", "class 3", "accuracy 75.00 %"} <= cells(report())


def test_the_style_binds_nothing_outside_of_its_own_fragment():
    rules = [rule.split("{")[0] for rule in STYLE.split("}") if "{" in rule]
    assert all(each.strip().startswith(".nd") for rule in rules for each in rule.split(","))


def test_a_column_marked_so_is_set_to_the_right():
    html = fragment(html_table("t", ("name", ">count"), [("a", 1), (None, 2)]))
    assert '<th class="r">count</th>' in html and '<td>a</td><td class="r">1</td>' in html and "None" in html

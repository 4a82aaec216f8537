"""What is made of measured seconds: rows per hour, efficiency, and what saturates first."""

from benchmarks import throughput_page as page
from benchmarks.interleave import Measured


def found(**changed: tuple[float, ...]) -> page.Throughput:
    """A sweep of 10 rows that takes 100 s on one worker and 50 s on two; 100 ms are spent on a row elsewhere."""
    ons = ("serial", "processes:1", "processes:2", page.dask(1), page.dask(2))
    seconds = {page.swept(on): (50.0, 55.0) if "2" in on else (100.0, 110.0) for on in ons}
    seconds |= {page.handed_out(on): (0.06, 0.06) for on in ons}
    seconds |= {page.checked("fixed", 4, on): (8.0, 8.0) for on in ("serial", "processes:2", page.dask(2))}
    seconds |= {page.KEPT: (0.04, 0.04), page.alone(1): (4.0, 4.0), page.alone(2): (2.0, 2.0), **changed}
    measured = {name: Measured(name, rounds) for name, rounds in seconds.items()}
    return page.Throughput(measured, 10, "net", {"fixed": (4,)}, {"rounds": "2"})


def test_rows_per_hour_grow_with_workers_until_one_process_hands_out_no_more() -> None:
    of = found()
    assert of.row_seconds == 10.5 and of.handling_seconds == 0.1 and of.most_workers == 105
    assert of.rows_per_hour(21) == 21 * 3600 / 10.5
    assert of.rows_per_hour(1000) == 36_000


def test_the_page_tells_efficiency_and_whether_the_floor_is_met() -> None:
    text = page.markdown(found())
    assert "| processes:2 | 52.5 | 686 | 2.00 | 2.00 to 2.00 | 100% |" in text
    assert "2.00 ×, **met**" in text and "| 16 | 256 | 36,000 | handing out and keeping rows |" in text
    slow = {page.swept("processes:2"): (60.0, 70.0)}
    assert "**NOT MET**" in page.markdown(found(**slow))


def test_what_was_not_measured_is_said() -> None:
    of = found()
    missing = {**of.measured, page.swept("processes:2"): Measured(page.swept("processes:2"), missing="no memory")}
    text = page.markdown(page.Throughput(missing, 10, "net", of.samples, of.about))
    assert "not measured: no memory" in text and "**not measured**" in text


def test_sweeps_alone_have_no_table_of_checks() -> None:
    of = found()
    alone = {
        name: each
        for name, each in of.measured.items()
        if not {"Dask", "check", "serial"} & {*name.replace(",", "").split()}
    }
    text = page.markdown(page.Throughput(alone, 10, "net", {"fixed": ()}, of.about))
    assert "2.00 ×, **met**" in text and "| Dask, 2 workers" not in text and "## A check" not in text

"""Seconds and memory that the worst files of every kind take: ``python -m benchmarks.untrusted [-o FILE]``.

Every file is opened by a verb in a process of its own, as a user would. What is measured: wall time from the start of
Python to the end of the process, processor time and largest resident memory of it and of what it waited for, and the
exit code.
Exit code 1 where a file took more than ``SECONDS`` of the processor or ``MEMORY``, or ended otherwise than refused.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from struct import pack

import h5py
import numpy as np

from neurodeploy.bundle import renew_digests
from neurodeploy.contract import Terms
from neurodeploy.errors import InputError
from neurodeploy.flow import export
from neurodeploy.network import Network, NetworkBuilder
from neurodeploy.network.file import write_network

SECONDS, MEMORY, REFUSED = 10.0, 1 << 30, 2
ENOUGH = 120.0
"""Seconds after which a process is ended."""
HOLES, BOMB = 3 << 30, 3 << 30
Make = Callable[[Path], object]
RESULTS = Path(__file__).with_name("results") / "UNTRUSTED.md"


@dataclass(frozen=True)
class Kind:
    """A file of this name, and the verb that opens it; ``start``: how a sound one begins."""

    name: str
    file: str
    verb: str
    start: bytes = b""


HDF5_START = b"\x89HDF\r\n\x1a\n"
KINDS = (
    Kind("manifest", "b.fixed/manifest.json", "inspect b.fixed"),
    Kind("program", "b.fixed/program.npz", "inspect b.fixed", b"PK\3\4"),
    Kind("network in a bundle", "b.fixed/network.nir", "inspect b.fixed", HDF5_START),
    Kind("report in a bundle", "b.fixed/report.json", "check b.fixed"),
    Kind("network", "x.nir", "inspect x.nir", HDF5_START),
    Kind("network, linted", "x.nir", "lint x.nir", HDF5_START),
    Kind("lava-dl network", "x.net", "inspect x.net --input-shape 2", HDF5_START),
    Kind("checkpoint", "x.pt", "inspect x.pt", b"PK\3\4"),
    Kind("trace", "x.npz", "inspect x.npz", b"PK\3\4"),
    Kind("stimulus", "x.npz", "run sound.nir -i x.npz", b"PK\3\4"),
    Kind("contract", "x.json", "inspect sound.nir --contract x.json"),
    Kind("encoder", "x.json", "export sound.nir -t fixed -o new --encoder x.json"),
    Kind("coder", "x.json", "encode signal.csv --coder x.json -o new.npz"),
    Kind("signal, table", "x.csv", "encode x.csv -o new.npz", b"1\n2\n"),
    Kind("signal, array", "x.npy", "encode x.npy -o new.npz", b"\x93NUMPY\1\0"),
    Kind("signal, archive", "x.npz", "encode x.npz -o new.npz", b"PK\3\4"),
    Kind("spikes", "x.npz", "decode x.npz -o new.csv", b"PK\3\4"),
    Kind("chip", "x.yaml", "place sound.nir --chip x.yaml"),
    Kind("choices", "x.toml", "sweep sound.nir -o new --choices x.toml"),
    Kind("rows of a sweep", "swept/rows.jsonl", "sweep sound.nir -t fixed -o swept --steps 2 --samples 1", b'{"key":"'),
    Kind("saved case", "case/case.json", "targets conform fixed --again case"),
    Kind("events, HDF5", "x.h5", "events info x.h5", HDF5_START),
    Kind("events, MAT", "x.mat", "events info x.mat", b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"),
    Kind("events, NumPy", "x.npy", "events info x.npy", b"\x93NUMPY\1\0"),
    Kind("events, archive", "x.npz", "events info x.npz", b"PK\3\4"),
    Kind("events, table", "x.csv", "events info x.csv", b"t,x,y,p\n1,1,1,1\n"),
    Kind("events, DAT", "x.dat", "events info x.dat", b"% Version 2\n\x0c\x08"),
    Kind("events, EVT", "x.raw", "events info x.raw", b"% evt 3.0\n% end\n"),
    Kind("events, AEDAT 2 to 4", "x.aedat4", "events info x.aedat4", b"#!AER-DAT4.0\r\n"),
    Kind("events, AEDAT 3", "x.aedat", "events info x.aedat", b"#!AER-DAT3.1\r\n#!END-HEADER\r\n"),
    Kind("events, N-MNIST", "x.bin", "events info x.bin"),
    Kind("events, Event Stream", "x.es", "events info x.es", b"Event Stream\2\0\0\1\1\0\1\0"),
)


def sparse(kind: Kind) -> Make:
    """A file that claims three GiB and takes none on its disk."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(kind.start)
            file.truncate(HOLES)

    return make


def endless(path: Path) -> None:
    """A link to a device without an end."""
    path.symlink_to("/dev/zero")


def bomb(name: str) -> Make:
    """An archive of one member that unpacks to three GiB of zeros."""
    return lambda path: path.write_bytes(_bomb(name))


@cache
def _bomb(name: str) -> bytes:
    head, whole = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (BOMB,)})
    packing = zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with packing as file, file.open(name, "w", force_zip64=True) as member:
        member.write(head.getvalue())
        for _ in range(BOMB >> 20):
            member.write(bytes(1 << 20))
    return whole.getvalue()


def promise(path: Path) -> None:
    """An archive, or an array, that declares a tebibyte and holds nothing."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (1 << 37,)})
    if path.suffix == ".npy":
        path.write_bytes(head.getvalue())
        return
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("input.npy", head.getvalue())


def deep(path: Path) -> None:
    """A document of brackets in brackets."""
    path.write_text("[" * 5_000_000)


def wide(path: Path) -> None:
    """A document of twenty million numbers, 40 MB."""
    path.write_text("[" + "0," * 20_000_000 + "0]")


def laughs(path: Path) -> None:
    """Names that stand for ten of the one before, ten times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    path.write_text("\n".join(lines))


def mat_bomb(path: Path) -> None:
    """A compressed element that unpacks to three GiB."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(pack("<II", 14, BOMB - 8))]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(BOMB >> 20)]
    data = b"".join([*parts, packer.flush()])
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + pack("<II", 15, len(data)) + data)


def _elsewhere(path: Path, store: Callable[[h5py.Group, str], object]) -> None:
    """Parameters, or columns, of which one stands elsewhere."""
    with h5py.File(path, "w") as file:
        if path.suffix == ".h5":
            group = file.create_group("events")
            for name in "typ":
                group[name] = np.arange(8)
            store(group, "x")
            return
        file["version"] = "1.0"
        node = file.create_group("node")
        node["type"] = "NIRGraph"
        node["edges"] = np.array([["input", "fc"], ["fc", "output"]], dtype=h5py.string_dtype())
        for name, kind in (("input", "Input"), ("output", "Output"), ("fc", "Linear")):
            node[f"nodes/{name}/type"] = kind
            if name != "fc":
                node[f"nodes/{name}/shape"] = np.array([2])
        store(node["nodes/fc"], "weight")
        for name, value in {"shape": [2], "type": b"input"}.items():
            file[f"layer/0/{name}"] = value
        file["layer/1/type"] = b"dense"
        store(file["layer/1"], "weight")


def _beside(path: Path, name: str) -> Path:
    """Another file, outside of any bundle."""
    return (path.parent.parent if path.parent.name == "b.fixed" else path.parent) / name


def external(path: Path) -> None:
    """Values in a FIFO that nobody writes to."""
    os.mkfifo(_beside(path, "values"))
    places = [(str(_beside(path, "values")), 0, 32)]
    _elsewhere(path, lambda group, name: group.create_dataset(name, (2, 2), "f8", external=places))


def external_zeros(path: Path) -> None:
    """Values in a device without an end."""
    places = [("/dev/zero", 0, 1 << 32)]
    _elsewhere(path, lambda group, name: group.create_dataset(name, (1 << 16, 1 << 13), "f8", external=places))


def virtual(path: Path) -> None:
    """Values in another file."""
    with h5py.File(_beside(path, "other.h5"), "w") as file:
        file["x"] = np.zeros((2, 2))
    layout = h5py.VirtualLayout((2, 2), "f8")
    layout[:] = h5py.VirtualSource(str(_beside(path, "other.h5")), "x", (2, 2))
    _elsewhere(path, lambda group, name: group.create_virtual_dataset(name, layout))


def linked(path: Path) -> None:
    """A link to another file."""
    with h5py.File(_beside(path, "other.h5"), "w") as file:
        file["x"] = np.zeros((2, 2))

    def store(group: h5py.Group, name: str) -> None:
        group[name] = h5py.ExternalLink(str(_beside(path, "other.h5")), "x")

    _elsewhere(path, store)


def unwritten(path: Path) -> None:
    """Two tebibytes that were never written, in chunks."""
    _elsewhere(path, lambda group, name: group.create_dataset(name, (1 << 19, 1 << 19), "f8", chunks=(64, 64)))


def squeezed(path: Path) -> None:
    """Three GiB of zeros in chunks of a few KB."""

    chunk = zlib.compress(bytes(1 << 26), 1)

    def store(group: h5py.Group, name: str) -> None:
        data = group.create_dataset(name, (48, 1 << 23), "f8", chunks=(1, 1 << 23), compression="gzip")
        for row in range(48):
            data.id.write_direct_chunk((row, 0), chunk)

    _elsewhere(path, store)


IRREGULAR: dict[str, Make] = {"FIFO": os.mkfifo, "link to /dev/zero": endless}
HDF5: dict[str, Make] = {
    "values in a FIFO": external,
    "values in /dev/zero": external_zeros,
    "values in another file": virtual,
    "a link to another file": linked,
    "two tebibytes unwritten": unwritten,
    "three GiB of zeros, squeezed": squeezed,
}
DOCUMENT: dict[str, Make] = {"nested five million times": deep, "twenty million numbers": wide}


def ways(kind: Kind) -> Iterator[tuple[str, Make]]:
    """What stands in the place of a sound file of a kind."""
    yield from IRREGULAR.items()
    yield "3 GiB of holes", sparse(kind)
    suffix = Path(kind.file).suffix
    if suffix in (".npz", ".pt"):
        yield "3 GiB of zeros, zipped", bomb("x/data.pkl" if suffix == ".pt" else "input.npy")
    if suffix in (".npz", ".npy"):
        yield "a tebibyte declared", promise
    if suffix in (".json", ".toml", ".yaml"):
        yield from DOCUMENT.items()
    if suffix == ".yaml":
        yield "names of names of names", laughs
    if suffix == ".mat":
        yield "3 GiB of zeros, deflated", mat_bomb
    if suffix in (".nir", ".net", ".h5"):
        yield from HDF5.items()


@dataclass(frozen=True)
class Measured:
    """How the verb ended on one file."""

    kind: str
    way: str
    code: int
    seconds: float
    processor: float
    memory: int
    said: str

    def holds(self) -> bool:
        """Whether it was refused within the limits."""
        return self.code == REFUSED and self.processor <= SECONDS and self.memory <= MEMORY


def measure(kind: Kind, way: str, make: Make) -> Measured:
    """Open one file in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare(folder)
        path = folder / kind.file
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        make(path)
        if "b.fixed" in kind.file and kind.name != "manifest":
            with suppress(InputError):
                renew_digests(folder / "b.fixed")  # as a forger would
        began = time.monotonic()
        command = [sys.executable, "-m", "neurodeploy", *kind.verb.split()]
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, start_new_session=True)
            timer = signal.setitimer(signal.ITIMER_REAL, ENOUGH)
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except TimeoutError:
                os.killpg(process.pid, signal.SIGKILL)
                _, status, usage = os.wait4(process.pid, 0)
            finally:
                signal.setitimer(signal.ITIMER_REAL, *timer)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        text = (folder / "said").read_text(errors="replace").strip().partition("\n")[0]
        processor = usage.ru_utime + usage.ru_stime
        return Measured(kind.name, way, process.returncode, seconds, processor, usage.ru_maxrss << 10, text)


def prepare(folder: Path) -> None:
    """What the verbs need beside the file."""
    write_network(two_neurons(), folder / "sound.nir")
    export(two_neurons(), "fixed", folder / "b.fixed")
    (folder / "signal.csv").write_text("0.1\n0.2\n0.3\n")


def two_neurons() -> Network:
    """The least network that sends."""
    build = NetworkBuilder(Terms(dt=1e-3))
    at = build.linear("fc", build.input("input", (2,)), np.eye(2))
    build.output("output", build.integrate("neurons", at, 1.0))
    return build.build()


def report(rows: list[Measured]) -> str:
    """The table."""
    lines = [
        "# Files that nobody should send",
        "",
        f"Written by `python -m benchmarks.untrusted` on {date.today().isoformat()}: how verbs end on the worst files "
        "of every kind, in processes of their own. Wall seconds with the start of Python, on two cores that others use "
        "too; processor seconds; largest resident memory. A file is to be refused (exit code 2) within "
        f"{SECONDS:g} s of the processor and {MEMORY >> 20} MiB; "
        f"{sum(row.holds() for row in rows)} of {len(rows)} are.",
        "",
        "| kind | file | exit code | seconds | of the processor | MiB | |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        verdict = "" if row.holds() else "**beyond**"
        times = f"{row.seconds:.1f} | {row.processor:.1f}"
        lines.append(f"| {row.kind} | {row.way} | {row.code} | {times} | {row.memory >> 20} | {verdict} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure every file and write the table."""
    parser = argparse.ArgumentParser(description="Open the worst files of every kind.")
    parser.add_argument("-o", "--out", type=Path, default=RESULTS)
    parser.add_argument("--only", default="", help="kinds whose name begins so")
    parser.add_argument("--json", action="store_true", help="a line of JSON for every file")
    given = parser.parse_args()

    def late(number: int, frame: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    rows: list[Measured] = []
    for kind in KINDS:
        if kind.name.startswith(given.only):
            for way, make in ways(kind):
                rows.append(measure(kind, way, make))
                last = rows[-1]
                print(json.dumps(vars(last)) if given.json else last, flush=True)
    if not given.only:
        given.out.write_text(report(rows), encoding="utf-8")
    return 0 if all(row.holds() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Bundles: a folder with everything a deployed network is, sealed by digests.

``manifest.json``, ``network.nir``, ``program.json``, ``program.npz``, ``report.json`` and ``target/``. Nothing in a
bundle is unpickled or executed on load.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from neurodeploy.atomic import new_folder
from neurodeploy.errors import InputError
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.network.file import network_bytes, network_of_bytes
from neurodeploy.network.network import Network
from neurodeploy.passes.accuracy import Calibrated, LayerReport
from neurodeploy.placement.stored import FILE as PLACEMENT
from neurodeploy.placement.stored import Stored, placement_bytes, read_stored
from neurodeploy.program.program import Program
from neurodeploy.program.store import program_files, read_program
from neurodeploy.program.tables import neuron_table
from neurodeploy.reading import Folder, is_plain, open_folder, parse_json, stage
from neurodeploy.reading.findings import findings_of
from neurodeploy.reading.json import as_kind
from neurodeploy.streams import stream_of
from neurodeploy.table import listing
from neurodeploy.target import Artifact

FORMAT = 1
MANIFEST, TARGET = "manifest.json", "target/"
OWN = ("network.nir", "program.json", "program.npz", "report.json")
OPTIONAL = (PLACEMENT,)
"""What stands in a bundle where it was asked for."""
BUILT, RECORDS = (".o", ".d", ".elf", ".exe"), ("job", "record")
"""What ``make`` in a bundle's target folder leaves there, beside a program of the name of its source; none is read."""
REPLACED_AT_MOST = 20


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``manifest.json``: what a bundle is for and what it holds, sealed by its own ``digest``."""

    format: int
    target: str
    options: dict[str, str]
    numerics: str
    contract: dict[str, Any]
    host: dict[str, Any]
    shapes: dict[str, list[int]]
    provenance: dict[str, list[str]]
    notes: tuple[str, ...]
    files: dict[str, str]
    digest: str


class NeuronErrors(msgspec.Struct, frozen=True):
    """What rounding did to a population, in ``report.json``; ``largest_current`` is null where nothing bounds it."""

    population: str
    threshold_error: float
    bias_error: float
    current_decay_error: float
    membrane_decay_error: float
    largest_current: float | None


class ReportFile(msgspec.Struct, frozen=True):
    """``report.json``: what quantization did, what was noticed and chosen."""

    layers: tuple[LayerReport, ...] = ()
    neurons: tuple[NeuronErrors, ...] = ()
    calibration: tuple[Calibrated, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Bundle:
    """A network as deployed to one target, on disk at ``path``; ``digest`` identifies its content.

    ``placement``: where its neurons stand on chips, where ``place`` stored that.
    """

    path: Path
    target: str
    options: Mapping[str, str]
    network: Network
    artifact: Artifact
    report: Mapping[str, Any]
    digest: str
    placement: Stored | None = None

    @property
    def program(self) -> Program:
        """The integer program."""
        return self.artifact.program

    def __repr__(self) -> str:
        rows = [(f"target/{name}", f"{len(data)} bytes") for name, data in sorted(self.artifact.files.items())]
        return listing(f"Bundle for {self.target} at {self.path}, digest {self.digest[:12]}", rows)

    def _repr_html_(self) -> str:
        tables = [html_table(*table) for table in self.program.tables(self.report.get("layers", ()))]
        neurons = self.report.get("neurons", ())
        tables += [html_table(*neuron_table(neurons))] if neurons else []
        head = f"bundle {self.path.name} for {self.target}, digest {self.digest[:12]}"
        files = [(name, len(data)) for name, data in sorted(self.artifact.files.items())]
        target_files = [html_table("files of the target", ("name", ">bytes"), files)] if files else []
        notes = "; ".join((f"numerics: {self.program.numerics.name}", *self.artifact.notes))
        return fragment(html_note(head), *tables, *target_files, html_note(notes))


def write_bundle(
    path: Path,
    target: str,
    options: Mapping[str, str],
    network: Network,
    artifact: Artifact,
    report: Mapping[str, Any],
    placement: Mapping[str, Any] | None = None,
) -> Bundle:
    """Write a bundle atomically; the same content gives the same bytes. An existing bundle is replaced.

    Raises InputError where ``path`` exists and is no bundle, EnvironmentFailureError where the disk refuses.
    """
    check_replaceable(path)
    files = {"network.nir": network_bytes(network), **program_files(artifact.program)}
    files |= {f"target/{name}": data for name, data in artifact.files.items()}
    files["report.json"] = _json(report)
    files |= {} if placement is None else {PLACEMENT: placement_bytes(placement)}
    files[MANIFEST] = _json(_sealed(_manifest(target, options, network, artifact, files)))
    with new_folder(path) as folder:
        stage(folder, files)
    return read_bundle(path)


def check_replaceable(path: Path) -> None:
    """Raises InputError where ``path`` holds something that is no intact bundle: it may be someone's work."""
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    remedy = "choose another folder with -o, or remove it"
    if not is_bundle(path):
        raise InputError("exists and is no bundle", str(path), remedy)
    try:
        with open_folder(path) as folder:
            _read_files(folder, _read_manifest(folder))
    except (InputError, FileNotFoundError) as error:
        reason = error.what if isinstance(error, InputError) else "a file is missing"
        raise InputError(f"exists and is no intact bundle ({reason})", str(path), remedy) from error


def is_bundle(path: Path) -> bool:
    """Whether ``path`` looks like a bundle."""
    return path.is_dir() and (path / MANIFEST).is_file()


def read_bundle(path: Path) -> Bundle:
    """Read a bundle and check every digest, and that what its manifest says is what it holds.

    Read while another takes its place, it is the old one or the new one. Raises InputError naming a changed, missing
    or foreign file, or a link.
    """
    if not is_bundle(path):
        raise InputError("is not a bundle: there is no manifest.json", str(path), "export one: neurodeploy export")
    for _ in range(REPLACED_AT_MOST):
        with open_folder(path) as folder:
            try:
                manifest = _read_manifest(folder)
                return _bundle(path, manifest, _read_files(folder, manifest))
            except (InputError, FileNotFoundError) as error:
                if not _was_replaced(folder):
                    raise _missing(path, error) from error
    raise InputError("is being replaced again and again", str(path), "wait until it is written")


def renew_digests(path: Path) -> None:
    """Accept a bundle's files as they are now: write their digests into the manifest."""
    with open_folder(path) as folder:
        manifest = _plain(_read_manifest(folder))
        manifest["files"] = {name: _digest(folder.read(name)) for name in manifest["files"]}
    (path / MANIFEST).write_bytes(_json(_sealed(manifest)))


def _bundle(path: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Bundle:
    """The bundle that these files are. Raises InputError where they are not what the manifest says."""
    network = network_of_bytes(files["network.nir"], str(path / "network.nir"))
    targets = {name.removeprefix(TARGET): data for name, data in files.items() if name.startswith(TARGET)}
    what, remedy = "its report is damaged", "export the network again"
    report = parse_json(files["report.json"], dict[str, Any], str(path / "report.json"), what, remedy)
    _ = as_kind(report, ReportFile, str(path / "report.json"), what, remedy)
    findings = findings_of(report.get("findings", []), str(path / "report.json"), what, remedy)
    artifact = Artifact(read_program(files, str(path)), targets, findings, manifest.notes)
    expected = _manifest(manifest.target, manifest.options, network, artifact, files)
    said = _plain(manifest)
    for key in expected:
        if json.loads(_json(expected[key])) != said[key]:
            problem = f"its manifest says of {key} what its files do not"
            raise InputError(problem, str(path / MANIFEST), "export the network again")
    data = files.get(PLACEMENT)
    placed = None if data is None else read_stored(data, artifact.program, str(path / PLACEMENT))
    return Bundle(path, manifest.target, manifest.options, network, artifact, report, manifest.digest, placed)


def _was_replaced(folder: Folder) -> bool:
    """Whether the folder's name leads to another one by now, or to none for a moment."""
    try:
        return not os.path.samestat(os.fstat(folder.handle), folder.path.stat())
    except OSError:
        return folder.handle >= 0


def _missing(path: Path, error: InputError | FileNotFoundError) -> InputError:
    if isinstance(error, InputError):
        return error
    return InputError("is missing from the bundle", str(error.filename or path), "export the network again")


def _sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with its own digest, which identifies the bundle: it covers every file and all else it says."""
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    return {**rest, "digest": _digest(_json(rest))}


def _manifest(
    target: str, options: Mapping[str, str], network: Network, artifact: Artifact, files: Mapping[str, bytes]
) -> dict[str, Any]:
    program = artifact.program
    post = network.host.post
    return {
        "format": FORMAT,
        "target": target,
        "options": dict(options),
        "numerics": program.numerics.name,
        "contract": network.contract.to_json(),
        "host": {
            "pre": {node.name: _quantizer(node) | _encoder(program, node.name) for node in program.inputs},
            "post": None if post is None else {key: post.to_json()[key] for key in ("kind", "node")},
        },
        "shapes": {name: list(shape) for name, shape in network.shapes.items()},
        "provenance": {name: list(nodes) for name, nodes in program.provenance.items()},
        "notes": list(artifact.notes),
        "files": {name: _digest(data) for name, data in files.items()},
    }


def _quantizer(node: Any) -> dict[str, Any]:
    return {key: getattr(node, key) for key in ("scale", "bits", "signed", "rounding")}


def _encoder(program: Program, name: str) -> dict[str, Any]:
    pre = program.host.pre
    return {} if pre is None or pre.node != name else {"encoder": stream_of(pre).to_json()}


def _read_manifest(folder: Folder) -> Manifest:
    """The manifest, sealed by its own digest. Raises InputError."""
    place, remedy = str(folder.path / MANIFEST), "export the network again"
    try:
        data = folder.read(MANIFEST, large=False)
    except FileNotFoundError as error:
        raise InputError("is missing from the bundle", place, remedy) from error
    said = parse_json(data, dict[str, Any], place, "its manifest is damaged", remedy)
    if said.get("format", FORMAT) != FORMAT:
        raise InputError(f"bundle format {said['format']} is not {FORMAT}", place, "export again with this version")
    manifest = as_kind(said, Manifest, place, "its manifest is damaged", remedy)
    if data != _json(_sealed(said)):
        raise InputError("was changed after export: its digest differs", place, remedy)
    for name in manifest.files:
        if not is_plain(name) or not (name in (*OWN, *OPTIONAL) or name.startswith(TARGET)):
            raise InputError(
                "its manifest names a file outside of it", str(folder.path / name), "do not use this bundle"
            )
    for name in sorted(set(OWN) - manifest.files.keys()):
        raise InputError(f"its manifest is damaged: it lacks {name}", place, remedy)
    return manifest


def _read_files(folder: Folder, manifest: Manifest) -> dict[str, bytes]:
    """Every file that the manifest names. Raises InputError for a changed or foreign one, FileNotFoundError."""
    files: dict[str, bytes] = {}
    for name, digest in manifest.files.items():
        try:
            files[name] = folder.read(name)
        except FileNotFoundError as error:
            raise FileNotFoundError(error.errno, error.strerror, str(folder.path / name)) from error
        if _digest(files[name]) != digest:
            raise InputError("was changed after export: its digest differs", str(folder.path / name), "export again")
    for name, regular in folder.names():
        if name not in files and name != MANIFEST and not (regular and _was_built(name, files)):
            where = str(folder.path / name)
            raise InputError("holds a file its manifest does not name", where, "remove it or export again")
    return files


def _was_built(name: str, files: Mapping[str, bytes]) -> bool:
    """Whether a file is what the Makefile of a target leaves beside its sources; nothing reads it."""
    inside = name.removeprefix(TARGET)
    if not name.startswith(TARGET) or not any(source.startswith(TARGET) and source.endswith(".c") for source in files):
        return False
    return PurePosixPath(name).suffix in BUILT or inside in RECORDS or f"{name}.c" in files


def _plain(manifest: Manifest) -> dict[str, Any]:
    """The manifest as its JSON has it."""
    return json.loads(msgspec.json.encode(manifest))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()

"""Bundles: a folder with everything a deployed network is, sealed by digests.

``manifest.json``, ``network.nir``, ``program.json``, ``program.npz``, ``report.json`` and ``target/``. Nothing in a
bundle is unpickled or executed on load.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurodeploy.atomic import new_folder
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.html import fragment, html_note, html_table
from neurodeploy.network.file import network_bytes, network_from_graph, read_graph
from neurodeploy.network.network import Network
from neurodeploy.program.program import Program
from neurodeploy.program.store import program_files, read_program
from neurodeploy.program.tables import neuron_table
from neurodeploy.streams import stream_of
from neurodeploy.table import listing
from neurodeploy.target import Artifact

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True, eq=False)
class Bundle:
    """A network as deployed to one target, on disk at ``path``; ``digest`` identifies its content."""

    path: Path
    target: str
    options: Mapping[str, str]
    network: Network
    artifact: Artifact
    report: Mapping[str, Any]
    digest: str

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
) -> Bundle:
    """Write a bundle atomically; the same content gives the same bytes. An existing bundle is replaced.

    Raises InputError where ``path`` exists and is no bundle, EnvironmentFailureError where the disk refuses.
    """
    check_replaceable(path)
    files = {"network.nir": network_bytes(network), **program_files(artifact.program)}
    files |= {f"target/{name}": data for name, data in artifact.files.items()}
    files["report.json"] = _json(report)
    files[MANIFEST] = _json(_sealed(_manifest(target, options, network, artifact, files)))
    with new_folder(path) as folder:
        for name, data in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    return read_bundle(path)


def check_replaceable(path: Path) -> None:
    """Raises InputError where ``path`` holds something that is no bundle."""
    if path.exists() and not is_bundle(path) and not (path.is_dir() and not any(path.iterdir())):
        raise InputError("exists and is no bundle", str(path), "choose another folder with -o, or remove it")


def is_bundle(path: Path) -> bool:
    """Whether ``path`` looks like a bundle."""
    return path.is_dir() and (path / MANIFEST).is_file()


def read_bundle(path: Path) -> Bundle:
    """Read a bundle and check every digest. Raises InputError naming a changed, missing or foreign file."""
    manifest = _read_manifest(path)
    files = {name: _read(path, name, digest) for name, digest in manifest["files"].items()}
    strange = sorted({p.relative_to(path).as_posix() for p in path.rglob("*") if not p.is_dir()} - {*files, MANIFEST})
    if strange:
        raise InputError("holds a file its manifest does not name", str(path / strange[0]), "remove it or export again")
    try:
        network = network_from_graph(read_graph(path / "network.nir"), str(path / "network.nir"))
        target_files = {
            name.removeprefix("target/"): data for name, data in files.items() if name.startswith("target/")
        }
        report = json.loads(files["report.json"])
        findings = tuple(Finding(**finding) for finding in report.get("findings", ()))
        artifact = Artifact(read_program(files), target_files, findings, tuple(manifest["notes"]))
        return Bundle(path, manifest["target"], manifest["options"], network, artifact, report, manifest["digest"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"its manifest or report is damaged: {error}", str(path), "export the network again"
        ) from error


def renew_digests(path: Path) -> None:
    """Accept a bundle's files as they are now: write their digests into the manifest."""
    manifest = _read_manifest(path)
    manifest["files"] = {name: _digest((path / name).read_bytes()) for name in manifest["files"]}
    (path / MANIFEST).write_bytes(_json(_sealed(manifest)))


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


def _read_manifest(path: Path) -> dict[str, Any]:
    if not is_bundle(path):
        raise InputError("is not a bundle: there is no manifest.json", str(path), "export one: neurodeploy export")
    place = str(path / MANIFEST)
    try:
        data = (path / MANIFEST).read_bytes()
        manifest = json.loads(data)
        version, files = manifest["format"], manifest["files"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"its manifest is damaged: {error}", place, "export the network again") from error
    if version != FORMAT:
        raise InputError(f"bundle format {version} is not {FORMAT}", place, "export again with this version")
    if not all(isinstance(digest, str) for _, digest in files) or data != _json(_sealed(manifest)):
        raise InputError("was changed after export: its digest differs", place, "export the network again")
    return manifest


def _read(path: Path, name: str, digest: str) -> bytes:
    place = path / name
    if not place.resolve().is_relative_to(path.resolve()):
        raise InputError("its manifest names a file outside of it", str(place), "do not use this bundle")
    if not place.is_file():
        raise InputError("is missing from the bundle", str(place), "export the network again")
    data = place.read_bytes()
    if _digest(data) != digest:
        raise InputError("was changed after export: its digest differs", str(place), "export again")
    return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()

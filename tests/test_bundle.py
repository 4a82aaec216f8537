"""A bundle is the same bytes for the same inputs, and is refused when any byte of it is another."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.atomic import new_folder
from neurodeploy.bundle import Bundle, is_bundle, read_bundle, renew_digests
from neurodeploy.errors import InputError
from neurodeploy.flow import export, run
from tests.convolutional import network
from tests.reading_support import IRREGULAR, put


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return export(network(), "fixed", tmp_path / "bundle")


def content(path: Path) -> dict[str, bytes]:
    return {str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()}


def seal(manifest: dict) -> bytes:
    """A manifest as a forger would write it: with the digest it should have."""
    rest = {key: value for key, value in manifest.items() if key != "digest"}
    digest = hashlib.sha256((json.dumps(rest, indent=1, sort_keys=True) + "\n").encode()).hexdigest()
    return (json.dumps({**rest, "digest": digest}, indent=1, sort_keys=True) + "\n").encode()


def test_holds_what_the_interface_says(bundle: Bundle) -> None:
    assert content(bundle.path).keys() == {
        "manifest.json",
        "network.nir",
        "program.json",
        "program.npz",
        "report.json",
    }
    manifest = json.loads((bundle.path / "manifest.json").read_text())
    needed = {"format", "target", "numerics", "contract", "host", "shapes", "provenance", "files"}
    assert manifest.keys() >= needed
    assert manifest["host"]["pre"]["input"] == {"scale": 3, "bits": 4, "signed": False, "rounding": "half-even"}
    assert manifest["host"]["post"] == {"kind": "spike-count-argmax", "node": "readout"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((bundle.path / name).read_bytes()).hexdigest() == digest


def test_the_same_inputs_give_the_same_bytes(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)
    again = export(network(), "fixed", "other-name")
    assert content(again.path) == content(bundle.path)
    assert again.digest == bundle.digest


def test_the_same_bytes_in_another_process(bundle: Bundle, tmp_path: Path) -> None:
    code = (
        "from tests.convolutional import network; from neurodeploy.flow import export; export(network(), 'fixed', 'b')"
    )
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, timeout=120)
    assert content(tmp_path / "b") == content(bundle.path)


def test_other_inputs_give_another_digest(bundle: Bundle, tmp_path: Path) -> None:
    assert export(network(), "fixed", tmp_path / "b", {"weight-bits": "6"}).digest != bundle.digest


def test_reads_back_what_was_written(bundle: Bundle) -> None:
    again = read_bundle(bundle.path)
    assert (again.target, again.digest, again.options, again.report) == (
        bundle.target,
        bundle.digest,
        bundle.options,
        bundle.report,
    )
    assert again.network.contract == network().contract
    assert again.network.inputs == network().inputs
    stimulus = {"input": np.random.default_rng(0).integers(0, 9, (2, 20, 2, 6, 6)) / 8}
    for rung in ("network", "program", "fixed"):
        one, other = (run(each, stimulus, on=rung) for each in (bundle, again))
        assert one.entries.keys() == {"input", "lif", "readout"}
        assert all(np.array_equal(one[name].output, other[name].output) for name in one.entries)


def test_replaces_a_bundle_and_an_empty_folder(bundle: Bundle, tmp_path: Path) -> None:
    again = export(network(), "fixed", bundle.path, {"weight-bits": "6"})
    assert again.digest != bundle.digest
    (tmp_path / "empty").mkdir()
    assert is_bundle(export(network(), "fixed", tmp_path / "empty").path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bundle", "empty"]


@pytest.mark.parametrize("name", ["notes.txt", "target/stale", "target/mine.o", "report.json"])
def test_a_folder_that_is_no_intact_bundle_is_never_replaced(bundle: Bundle, name: str) -> None:
    place = bundle.path / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("someone's work")
    with pytest.raises(InputError, match="exists and is no intact bundle"):
        export(network(), "fixed", bundle.path)
    assert place.read_text() == "someone's work"


def test_a_folder_with_a_forged_manifest_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for name, text in (("manifest.json", "{}"), ("thesis.tex", "years of it")):
        (folder / name).write_text(text)
    with pytest.raises(InputError, match="exists and is no intact bundle"):
        export(network(), "fixed", folder)
    assert (folder / "thesis.tex").read_text() == "years of it"


@pytest.mark.parametrize("name", ["manifest.json", "network.nir", "program.json", "program.npz", "report.json"])
def test_a_changed_byte_is_refused_by_name(bundle: Bundle, name: str) -> None:
    file = bundle.path / name
    whole = file.read_bytes()
    for place in np.linspace(0, len(whole) - 1, 25).astype(int).tolist():
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InputError) as caught:
            read_bundle(bundle.path)
        assert str(file) in str(caught.value)
    file.write_bytes(whole + b" ")
    with pytest.raises(InputError, match="digest differs"):
        read_bundle(bundle.path)


@pytest.mark.parametrize("name", ["network.nir", "program.json", "program.npz", "report.json"])
def test_a_missing_file_is_refused_by_name(bundle: Bundle, name: str) -> None:
    (bundle.path / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: is missing from the bundle"):
        read_bundle(bundle.path)


def test_without_a_manifest_it_is_no_bundle(bundle: Bundle) -> None:
    (bundle.path / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"there is no manifest\.json"):
        read_bundle(bundle.path)


@pytest.mark.parametrize("name", ["notes.txt", "target/extra.bin", ".hidden"])
def test_a_foreign_file_is_refused_by_name(bundle: Bundle, name: str) -> None:
    place = bundle.path / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("x")
    with pytest.raises(InputError, match=rf"{name}: holds a file its manifest does not name"):
        read_bundle(bundle.path)


@pytest.mark.parametrize(
    "outside",
    [
        "../secret",
        "/etc/hostname",
        "target/../../secret",
        "target//abs/secret",
        "target/a\\b",
        "target/.x",
        "extra.json",
    ],
)
def test_a_manifest_that_points_outside_is_refused(bundle: Bundle, tmp_path: Path, outside: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    manifest = json.loads((bundle.path / "manifest.json").read_text())
    manifest["files"][outside] = hashlib.sha256(b"mine").hexdigest()
    (bundle.path / "manifest.json").write_bytes(seal(manifest))
    with pytest.raises(InputError, match="names a file outside of it"):
        read_bundle(bundle.path)


def test_a_link_to_the_outside_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    shutil.move(bundle.path / "report.json", tmp_path / "report.json")
    (bundle.path / "report.json").symlink_to(tmp_path / "report.json")
    with pytest.raises(InputError, match="is a link"):
        read_bundle(bundle.path)


def test_a_link_inside_that_leads_out_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    """The folder target is a link: the file below it is not the bundle's own."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "model.c").write_text("int main;")
    (bundle.path / "target").symlink_to(tmp_path / "elsewhere")
    manifest = json.loads((bundle.path / "manifest.json").read_text())
    manifest["files"]["target/model.c"] = hashlib.sha256(b"int main;").hexdigest()
    (bundle.path / "manifest.json").write_bytes(seal(manifest))
    with pytest.raises(InputError, match="is a link"):
        read_bundle(bundle.path)


@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize("name", ["manifest.json", "program.npz", "network.nir"])
def test_what_is_no_regular_file_is_refused(bundle: Bundle, name: str, kind: str) -> None:
    put(bundle.path / name, IRREGULAR[kind])
    with pytest.raises(InputError):
        read_bundle(bundle.path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("numerics", "int32"),
        ("shapes", {}),
        ("provenance", {}),
        ("contract", {"defaults": {}, "overrides": {}}),
        ("host", {"pre": {}, "post": None}),
    ],
)
def test_a_manifest_that_says_other_than_its_files_is_refused(bundle: Bundle, key: str, value: object) -> None:
    manifest = json.loads((bundle.path / "manifest.json").read_text())
    (bundle.path / "manifest.json").write_bytes(seal({**manifest, key: value}))
    with pytest.raises(InputError, match=f"its manifest says of {key} what its files do not"):
        read_bundle(bundle.path)


def test_read_while_it_is_replaced_it_is_the_old_or_the_new_one(bundle: Bundle, tmp_path: Path) -> None:
    other = export(network(), "fixed", tmp_path / "other", {"weight-bits": "6"})
    kept = {digest: tmp_path / digest for digest in (bundle.digest, other.digest)}
    for folder, digest in ((bundle.path, bundle.digest), (other.path, other.digest)):
        shutil.copytree(folder, kept[digest])
    stop = threading.Event()

    def replace_again_and_again() -> None:
        while not stop.is_set():
            for source in kept.values():
                with new_folder(bundle.path) as fresh:
                    shutil.copytree(source, fresh, dirs_exist_ok=True)

    writer = threading.Thread(target=replace_again_and_again)
    writer.start()
    try:
        seen = {read_bundle(bundle.path).digest for _ in range(25)}
    finally:
        stop.set()
        writer.join()
    assert seen <= kept.keys()


@pytest.mark.parametrize(
    "manifest",
    [b"", b"{", b"[]", b"null", b"{}", b'{"format": 1}', b'{"format": 1, "files": []}', b"\xff\xfe", b'"text"'],
)
def test_a_damaged_manifest_is_refused(bundle: Bundle, manifest: bytes) -> None:
    (bundle.path / "manifest.json").write_bytes(manifest)
    with pytest.raises(InputError, match=r"manifest\.json: (its manifest is damaged|was changed|bundle format)"):
        read_bundle(bundle.path)


@pytest.mark.parametrize("key", ["target", "options", "notes", "files"])
def test_a_forged_manifest_that_lacks_something_is_refused(bundle: Bundle, key: str) -> None:
    manifest = json.loads((bundle.path / "manifest.json").read_text())
    del manifest[key]
    (bundle.path / "manifest.json").write_bytes(seal(manifest))
    with pytest.raises(InputError, match="damaged"):
        read_bundle(bundle.path)


def test_a_newer_format_is_refused(bundle: Bundle) -> None:
    manifest = json.loads((bundle.path / "manifest.json").read_text())
    (bundle.path / "manifest.json").write_bytes(seal({**manifest, "format": 99}))
    with pytest.raises(InputError, match="bundle format 99 is not 1"):
        read_bundle(bundle.path)


def test_a_forged_report_or_program_is_bad_input(bundle: Bundle) -> None:
    whole = content(bundle.path)
    for name, data in (("report.json", b"[]"), ("report.json", b"{"), ("program.json", b"{}"), ("program.npz", b"PK")):
        (bundle.path / name).write_bytes(data)
        renew_digests(bundle.path)
        with pytest.raises(InputError):
            read_bundle(bundle.path)
        (bundle.path / name).write_bytes(whole[name])


def test_changes_are_accepted_when_their_author_says_so(bundle: Bundle) -> None:
    report = bundle.path / "report.json"
    report.write_bytes(report.read_bytes() + b"\n")
    renew_digests(bundle.path)
    assert read_bundle(bundle.path).digest != bundle.digest

"""The one door for files from outside: regular files of bounded size, read without following links out of a folder."""

from neurodeploy.reading.archive import check_archive, open_archive, read_npy, read_npz, read_npz_bytes
from neurodeploy.reading.door import READ_LIMIT, allowance, check_regular, open_regular, read_bytes, read_text
from neurodeploy.reading.folder import Folder, open_folder, stage
from neurodeploy.reading.json import parse_json, read_json
from neurodeploy.reading.names import is_plain

__all__ = [
    "READ_LIMIT",
    "Folder",
    "allowance",
    "check_archive",
    "check_regular",
    "is_plain",
    "open_archive",
    "open_folder",
    "open_regular",
    "parse_json",
    "read_bytes",
    "read_json",
    "read_npy",
    "read_npz",
    "read_npz_bytes",
    "read_text",
    "stage",
]

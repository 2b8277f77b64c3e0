"""Zip files that depend on their content alone: the same files give the same bytes, so Terraform sees no change."""

import io
from collections.abc import Mapping
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o100644 << 16


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Zip `{path in the zip: content}`: names sorted, one time stamp, one mode, one compression level."""
    import zipfile  # here, since the client only wants the names of files from this module

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _FILE_MODE
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def files_under(folder: Path, below: Path) -> dict[str, bytes]:
    """`{path relative to below: content}` of every file in `folder`, but for byte code and hidden files."""
    return {
        path.relative_to(below).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix != ".pyc"
        and not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(below).parts)
    }

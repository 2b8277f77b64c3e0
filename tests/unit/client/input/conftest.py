"""A standard input of a test's own."""

import pytest


@pytest.fixture
def stdin(monkeypatch, tmp_path):
    def feed(content: bytes):
        path = tmp_path / "stdin"
        path.write_bytes(content)
        file = path.open()
        files.append(file)
        monkeypatch.setattr("sys.stdin", file)

    files = []
    yield feed
    for file in files:
        file.close()

"""What the tests of reading INPUT share."""

HOSTILE = ["and/or", "//", "..", ".", "100%", "%2F", "a\x01b", "he’ll", "日本語", "😀", "w" * 3000]


def texts(given):
    return [element.text for element in given.elements]


def folder(tmp_path, **files):
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path

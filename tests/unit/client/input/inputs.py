"""What the tests of reading INPUT share."""

from scripts.client.input.chunks import texts_in

HOSTILE = ["and/or", "//", "..", ".", "100%", "%2F", "a\x01b", "he’ll", "日本語", "😀", "w" * 3000]


def texts(given):
    return [text for element in given.elements for text in texts_in(element.content)]


def folder(tmp_path, **files):
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path

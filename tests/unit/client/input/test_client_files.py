"""INPUT as folders, links, pipes and files that cannot be read or change: each with one clear sentence."""

import os
import threading

import pytest

from scripts.client.errors import InputError
from scripts.client.input import text as text_input
from scripts.client.input.reading import read_input
from tests.unit.client.input.inputs import folder, texts


def test_a_folder_is_read_in_sorted_order_without_hidden_files(tmp_path):
    for name, text in {"b.txt": "three", "a/z.txt": "two", "a/b/c.txt": "one", ".hidden": "no", ".git/x": "no"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert " ".join(texts(read_input(str(tmp_path)))).split() == ["one", "two", "three"]


def test_linked_folders_and_files_are_read(tmp_path):
    (tmp_path / "in").mkdir()
    folder(tmp_path, elsewhere__a="one", single="two")
    (tmp_path / "in" / "a").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "b").symlink_to(tmp_path / "single")

    given = read_input(str(tmp_path / "in"))

    assert texts(given) == ["one", "two"]
    assert given.notices == []


@pytest.mark.timeout(20)
def test_links_in_a_circle_are_followed_once_and_told(tmp_path):
    folder(tmp_path, a__text="one")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")

    given = read_input(str(tmp_path))

    assert texts(given) == ["one"]
    assert given.notices == [f"2 names in {tmp_path} link to folders that are read already, the first is {tmp_path / 'b'}"]


def test_what_is_left_out_of_a_folder_is_told_once(tmp_path):
    given = read_input(str(folder(tmp_path, a="one", b="", c="", **{".git__x": "no", ".hidden": "no"})))

    assert texts(given) == ["one"]
    assert given.notices == [
        f"2 names in {tmp_path} begin with a dot and are left out, the first is {tmp_path / '.git'}",
        f"2 names in {tmp_path} are empty, the first is {tmp_path / 'b'}",
    ]


@pytest.mark.parametrize(
    ("files", "told"), [({}, "there is no file in this folder"), ({".a": "x"}, "no file in this folder but 1 ")]
)
def test_a_folder_without_a_file_is_refused(tmp_path, files, told):
    with pytest.raises(InputError, match=told):
        read_input(str(folder(tmp_path, **files)))


@pytest.mark.parametrize("inside", [False, True])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, monkeypatch, inside):
    monkeypatch.setattr("scripts.client.input.text._BLOCK_BYTES", 4)
    path = folder(tmp_path, log="one two three") / "log"
    real = text_input._state
    states = iter([(0, 0)])
    monkeypatch.setattr(text_input, "_state", lambda descriptor: next(states, None) or real(descriptor))

    given = read_input(str(tmp_path if inside else path))

    assert given.notices == [f"{path} changed while it was read"]


def test_a_file_that_stays_as_it_is_is_not_told(tmp_path):
    assert read_input(str(folder(tmp_path, log="one two three"))).notices == []


@pytest.mark.parametrize("name", [b"a b#c%20.txt", b"\xff\xfe.txt", "日本\u202e.txt".encode(), b"-n.txt"])
def test_any_file_name_will_do(tmp_path, name):
    path = os.fsencode(tmp_path) + b"/" + name
    with open(path, "w") as file:
        file.write("one")

    assert texts(read_input(os.fsdecode(path))) == ["one"]
    assert texts(read_input(str(tmp_path))) == ["one"]


@pytest.mark.timeout(20)
def test_what_another_command_writes_is_read_through_its_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("[1] one\n",))
    writer.start()

    assert texts(read_input(str(tmp_path / "pipe"), form="text")) == ["[1] one\n"]
    writer.join()


def test_a_device_that_never_ends_is_refused_by_its_first_byte():
    with pytest.raises(InputError, match="/dev/zero is binary"):
        read_input("/dev/zero")


def test_each_file_of_a_folder_may_have_a_byte_order_mark(tmp_path):
    for name in "ab":
        (tmp_path / name).write_bytes(b"\xef\xbb\xbfone\n")

    assert texts(read_input(str(tmp_path))) == ["one\n", "one\n"]


def test_a_bad_file_in_a_folder_is_named(tmp_path):
    (tmp_path / "good.txt").write_text("fine")
    (tmp_path / "photo.png").write_bytes(b"\x01\0")

    with pytest.raises(InputError, match=r"photo\.png is binary"):
        read_input(str(tmp_path))


@pytest.mark.timeout(20)
def test_a_pipe_in_a_folder_is_refused_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InputError, match="not a regular file"):
        read_input(str(tmp_path))


def test_a_link_to_nowhere_in_a_folder_is_named(tmp_path):
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere")

    with pytest.raises(InputError, match=r"link\.txt: there is no such file"):
        read_input(str(tmp_path))


@pytest.mark.parametrize("name", ["nothing.txt", "nothing.json", "nothing", "no/such/folder/in.txt"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(InputError, match="no such file"):
        read_input(str(tmp_path / name))


def test_an_unreadable_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "in.txt").write_text("secret")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)  # a mode of 000 does not stop root

    with pytest.raises(InputError, match=r"in\.txt can't be read: Permission denied"):
        read_input(str(tmp_path / "in.txt"))


def test_a_folder_is_no_json(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read_input(str(tmp_path), form="json")

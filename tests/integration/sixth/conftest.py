"""The files of the sixth orchestration are tests of the copy that it is made in, and not of this repository."""

collect_ignore = ["tree"]

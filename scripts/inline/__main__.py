"""`python -m scripts.inline INPUT`."""

from scripts import program

program.run("scripts.inline.cli")

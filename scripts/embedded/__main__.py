"""`python -m scripts.embedded`."""

from scripts import program

program.run("scripts.embedded.cli")

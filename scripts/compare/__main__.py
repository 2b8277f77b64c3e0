"""`python -m scripts.compare`."""

from scripts import program

program.run("scripts.compare.cli")

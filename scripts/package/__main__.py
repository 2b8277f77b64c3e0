"""`python -m scripts.package`."""

from scripts import program

program.run("scripts.package.cli")

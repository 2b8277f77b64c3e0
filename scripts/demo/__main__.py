"""`python -m scripts.demo`."""

from scripts import program

program.run("scripts.demo.cli")

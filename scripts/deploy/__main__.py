"""`python -m scripts.deploy`."""

from scripts import program

program.run("scripts.deploy.cli")

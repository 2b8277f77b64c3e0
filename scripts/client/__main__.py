"""`python -m scripts.client`."""

from scripts import program

program.run("scripts.client.app")

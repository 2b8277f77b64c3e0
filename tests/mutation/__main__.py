"""`python -m tests.mutation`."""

from scripts import program

program.run("tests.mutation.command")

"""Puts an orchestration onto AWS, or onto the embedded AWS, with Terraform: `python -m scripts.deploy`.

    apply    make or update everything; a second one changes nothing
    plan     say what apply would do; exit code 0: nothing, 2: something, 1: it couldn't be found out
    destroy  remove everything
    check    terraform validate and terraform test

Modules: `cli` reads the command line and runs the three commands, `targets` says where state, variables and environment of a
deployment come from, `terraform` finds, checks, initialises and runs the program, `mirror` finds the provider where no registry
can be reached, `progress` makes a few lines of Terraform's many. `current` knows what the last apply was made of, and `code`
updates functions directly where nothing but their zips has changed since; `held` writes that into Terraform's state.
"""

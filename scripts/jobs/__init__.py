"""Jobs: folders with a programmer's `user_map.py` and `user_reduce.py`, inside the repository or anywhere.

Modules: `job` reads a folder and its job.toml, `fields` checks what stands there, `folder` finds the files that are packaged,
`names` checks what its modules are called, `params` reads the parameters of one run, `deployed` says which job a deployment runs.
"""

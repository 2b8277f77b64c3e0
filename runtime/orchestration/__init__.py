"""How one function meets the next: ingress -> component -> egress.

Component functions never import this package. Each folder with an `orchestration.py` is one orchestration, with the contract of
`contract.Orchestration`.
"""

"""How one function meets the next: ingress -> component -> egress.

Component functions never import this package. One module per orchestration, all with the contract of `contract.Orchestration`.
"""

ORCHESTRATIONS = ("sfn", "http_sync_s3", "http_only", "s3_triggers", "dynamodb_triggers")
"""What can be chosen. Each has a module here, a folder in definitions/ and a module in terraform/modules under the same name."""

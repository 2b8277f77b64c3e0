"""Packaging: `python -m scripts.package` makes the zips that Terraform deploys.

build/layer.zip                      third-party code, for Lambda's platform
build/redis-layer.zip                the redis package, for http_sync_s3 with return_store=redis alone
build/local/*.zip                    both layers for the Python of this machine, on which the embedded AWS runs functions
build/<orchestration>/<function>.zip the function, the runtime and its `.next`
build/jobs/<job>/                    the same once more for a job, with the layer that its requirements.txt asks for
build/<orchestration>/workflow.json  who follows whom there, and what each function needs of AWS
build/sfn/definition.*.asl.json      the state machine in both Map modes, ARNs still to be filled in by Terraform
build/manifest.json                  {"architecture": "x86_64", "python_version": "3.13"}: what the layer was made for
"""

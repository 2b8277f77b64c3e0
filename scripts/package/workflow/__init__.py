"""The workflow compiler: one file in Amazon States Language becomes all that says who follows whom.

reader         the file, checked -> `model.Workflow`; everything that can't be compiled is refused, with what to write instead
next_files     each function's `.next`, its place in the workflow
state_machine  the deployable state machine, in both Map modes
manifest       build/{orchestration}/workflow.json, for Terraform, the client and the comparison
picture        the compiled graph in two lines
"""

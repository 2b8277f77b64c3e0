"""A workflow in a few lines of plain text::

data --> mapper xN --> partition --> reducer xN --> summary --> result
         fan-out       fan-in        fan-out        fan-in
"""

from scripts.package.workflow.model import Step, Workflow

_ARROW = " --> "
_WIDTH = 100


def picture(workflow: Workflow, width: int = _WIDTH) -> str:
    """Draw a workflow, in several pairs of lines if it is longer than `width` columns."""
    columns = [("data", "")]
    before: Step | None = None
    for step in workflow.steps:
        kind = "fan-out" if step.branch else "fan-in" if before and before.branch else ""
        columns.append((f"{step.function} xN" if step.branch else step.function, kind))
        before = step
    columns.append(("result", ""))
    lines = [("", "")]
    for number, (name, kind) in enumerate(columns):
        if number:
            name, kind = _ARROW + name, " " * len(_ARROW) + kind
        if len(lines[-1][0]) + max(len(name), len(kind)) > width and lines[-1][0]:
            lines.append(("", ""))
        wide = max(len(name), len(kind))
        lines[-1] = (lines[-1][0] + name.ljust(wide), lines[-1][1] + kind.ljust(wide))
    return "\n".join(line.rstrip() for pair in lines for line in pair if line.strip())

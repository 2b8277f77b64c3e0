"""What installed packages need for a platform and is not there.

pip evaluates environment markers for the Python that runs it, also when it installs for another one
(https://pip.pypa.io/en/stable/cli/pip_install/#cmdoption-python-version). A package that only the other one needs is left out.
"""

from __future__ import annotations

from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from scripts.package.platforms import Platform


def unmet(folder: Path, platform: Platform) -> dict[str, str]:
    """`{requirement: package that needs it}` of what the packages in a folder need on that platform and the folder lacks.

    Packages that are needed for an optional extra alone do not count.
    """
    found = {canonicalize_name(name): each for each in distributions(path=[str(folder)]) if (name := each.metadata["Name"])}
    return {
        _plain(requirement): each.metadata["Name"]
        for each in found.values()
        for requirement in map(Requirement, each.requires or ())
        if _applies(requirement, platform) and not _meets(found.get(canonicalize_name(requirement.name)), requirement)
    }


def for_platform(line: str, platform: Platform) -> str | None:
    """One line of a requirements file without its marker; None if its marker does not hold on that platform.

    A line that is no plain requirement (an option, a comment, a continued line) stays as it is.
    """
    try:
        requirement = Requirement(line.partition(" #")[0].strip())
    except InvalidRequirement:
        return line
    if requirement.marker is None:
        return line
    return _plain(requirement) if _applies(requirement, platform) else None


def _applies(requirement: Requirement, platform: Platform) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**platform.markers, "extra": ""})


def _meets(found: Distribution | None, requirement: Requirement) -> bool:
    return found is not None and requirement.specifier.contains(found.version, prereleases=True)


def _plain(requirement: Requirement) -> str:
    plain = Requirement(str(requirement))
    plain.marker = None
    return str(plain)

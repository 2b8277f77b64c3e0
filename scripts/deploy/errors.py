"""What can go wrong, each with the exit code that it ends the command with."""


class DeployError(Exception):
    """Base of all errors that are told to the user as one message, with no traceback."""

    exit_code = 1


class PrerequisiteError(DeployError):
    """Something that has to be there before Terraform can run is missing, too old, or named wrongly."""

    exit_code = 2


class TerraformError(DeployError):
    """Terraform ran and failed; the message holds its own words."""


class Interrupted(DeployError):
    """The user interrupted Terraform, which has finished what it was doing and stopped."""

    exit_code = 130

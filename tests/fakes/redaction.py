"""The redaction of output as the command line makes it."""

import os

from beamctl.api.credential import environment_secrets
from beamctl.secrets.redaction import OutputRedaction


def redaction() -> OutputRedaction:
    """Hides the secrets in the environment of the test."""
    return OutputRedaction(lambda: environment_secrets(os.environ))

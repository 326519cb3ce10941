"""The redaction of output, set up as by the command line."""

import os

from beamctl.api.credential import environment_secrets
from beamctl.secrets.redaction import OutputRedaction


def redaction() -> OutputRedaction:
    """Redacts the secrets in the test's environment."""
    return OutputRedaction(lambda: environment_secrets(os.environ))

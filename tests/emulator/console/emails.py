"""E-mails that the emulator sent, for tests of the pages behind their links."""

from pathlib import Path
from urllib.parse import urlsplit

from beamctl.emulator.mail.maildir import received_emails


def link_in_last_email(mail: Path) -> str:
    """The path of the link, which a test requests in process."""
    lines = received_emails(mail)[-1].text().splitlines()
    return urlsplit(next(line for line in lines if line.startswith("http"))).path

"""`beamctl demo`: a tour that runs real commands against the emulator over HTTP and shows each one."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from beamctl.cli.commands.local import require_emulator
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand
from beamctl.cli.options import PathType
from beamctl.errors import BeamctlError, UsageError

_BEAMCTL = (sys.executable, "-m", "beamctl")
_KIM = "emulator call --as kim@example.com POST /workspaces/acme/join"
_EVE = """emulator call --as ada@example.com -w acme PUT /users/eve@example.com '{"role": "admin"}'"""

KEY = "bl_made_up_for_the_demo"
"""Made up: it works only with the emulator that the demo starts."""

SEED = f"""\
# The initial state of the emulator.
workspaces:
  - {{name: acme, displayName: Acme, labels: {{env: test}}}}
users:
  - {{email: ada@example.com, apiKey: {KEY}, workspaces: {{acme: admin}}}}
  - {{email: grace@example.com, workspaces: {{acme: member}}}}
  - {{email: eve@example.com, workspaces: {{acme: member}}}}
  - {{email: mallory@example.com, workspaces: {{acme: member}}}}
  - {{email: lin@example.com, workspaces: {{acme: member}}, source: directory_sync}}
invitations:
  - {{workspace: acme, email: sam@example.com, role: member, expiresAt: 2026-01-01T00:00:00Z}}
"""

_WITH_MISTAKES = """\
version: 1
workspace: acme

setings:
  displayName: Acme (production)

members:
  ada@example.com: admin
  grace@example.com: admn
  eve@example.com: member
  Eve@example.com: viewer
  kim@example.com: {role: member, until: 2099-02-30}
"""

_WITHOUT_MISTAKES = """\
version: 1
workspace: acme

settings:
  displayName: Acme (production)

members:
  ada@example.com: admin
  grace@example.com: admin
  eve@example.com: member
  kim@example.com: {role: member, until: 2099-12-31, reason: TICKET-812}
  sam@example.com: viewer

guards:
  minAdmins: 2
  self: {email: ada@example.com}      # who beamctl runs as
"""


@click.command("demo", cls=BeamctlCommand, examples=("beamctl demo", "beamctl demo my-demo"))
@click.argument("directory", type=PathType(file_okay=False), default=Path("beamctl-demo"))
def command(directory: Path) -> int:
    """Run a guided demo on this machine.

    Creates DIRECTORY (default: beamctl-demo) and keeps it, so that you can continue there. Needs no account and no
    network.
    """
    require_emulator()
    try:
        _begin_in(directory)
    except OSError as error:
        raise UsageError(f"cannot use {directory}: {error.strerror or error}", "Name another DIRECTORY.") from None
    with _control_plane(directory) as url:
        _run_steps(_DemoRunner(directory, url))
    click.echo(_end(directory))
    return Exit.DONE


def _begin_in(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        again = f"cd {shlex.quote(str(directory))}" if (directory / "beamctl.yaml").exists() else ""
        hint = f"To continue in it:  {again}\n" if again else ""
        raise UsageError(
            f"{directory} already exists and is not empty", f"{hint}To use another one:  beamctl demo DIRECTORY"
        )
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "seed.yaml").write_text(SEED, "utf-8")


def _run_steps(runner: _DemoRunner) -> None:
    runner.say("The emulator now runs on this machine, with a workspace acme whose admin is ada.")
    runner.shell_line("beamctl emulator serve --port 0 --seed seed.yaml &")
    runner.shell_line(f"export BEAMCTL_API_URL={runner.url} BEAMCTL_API_KEY={KEY}")
    runner.run("show -w acme", Exit.DONE)
    runner.say("Access is declared in a file. This one has mistakes. Finding them needs no network.")
    runner.write("beamctl.yaml", _WITH_MISTAKES)
    runner.run("validate", Exit.WRONG_INPUT)
    runner.say("Here is the corrected file, under version control. What would it change?")
    runner.write("beamctl.yaml", _WITHOUT_MISTAKES)
    runner.commit("beamctl.yaml")
    runner.run("plan", Exit.DONE)
    runner.say("Make these changes.")
    runner.run("apply --auto-approve", Exit.DONE)
    runner.say("Kim accepts the invitation. beamctl recognizes the invited person: nothing to do.")
    runner.run(_KIM, Exit.DONE)
    runner.run("plan", Exit.DONE)
    runner.say("Now someone changes the workspace by hand. A scheduled drift run detects it.")
    runner.run(_EVE, Exit.DONE)
    runner.run("drift", Exit.DIFFERS)
    runner.say("Removing an admin is refused until that exact removal is allowed.")
    runner.run("plan", Exit.REFUSED)


def _end(directory: Path) -> str:
    return "\n".join(
        [
            "",
            "That was the tour. To undo the change made by hand (no server is needed):",
            "",
            f"  cd {shlex.quote(str(directory))}",
            f"  {_typed()} apply --api-url local --allow removes-admin=eve@example.com",
            "",
            f"Then edit beamctl.yaml and plan again:  {_typed()} plan --api-url local",
        ]
    )


def _typed() -> str:
    """The command that runs this beamctl from any directory."""
    if shutil.which("beamctl"):
        return "beamctl"
    started = Path(sys.argv[0]).absolute()
    return f"{shlex.quote(sys.executable)} -m beamctl" if started.suffix == ".py" else shlex.quote(str(started))


class _DemoRunner:
    """Shows each command of the demo, runs it, and checks its exit code."""

    def __init__(self, directory: Path, url: str) -> None:
        self.url = url
        self._directory = directory

    def say(self, text: str) -> None:
        click.echo("\n" + click.style(f"# {text}", bold=True))

    def shell_line(self, line: str) -> None:
        click.echo(click.style(f"$ {line}", fg="cyan"))

    def write(self, name: str, text: str) -> None:
        (self._directory / name).write_text(text, "utf-8")
        self.shell_line(f"cat {name}")
        click.echo(text.rstrip())

    def commit(self, name: str) -> None:
        """Commit a file, if git is installed: `drift` then knows which document was applied."""
        if not shutil.which("git"):
            return
        self.shell_line(f"git init -q && git add {name} && git commit -qm 'Declare access'")
        author = ("-c", "user.name=demo", "-c", "user.email=demo@example.com", "-c", "commit.gpgsign=false")
        for command in (["init", "-q"], ["add", name], [*author, "commit", "-qm", "Declare access"]):
            subprocess.run(["git", *command], cwd=self._directory, env=_environment(self.url), check=False)  # noqa: S603, S607 - as above

    def run(self, line: str, expected: Exit) -> None:
        self.shell_line(f"beamctl {line}")
        ended = subprocess.run(  # noqa: S603 - our own program, with the arguments above
            [*_BEAMCTL, *shlex.split(line)], cwd=self._directory, env=_environment(self.url), check=False
        )
        if ended.returncode != Exit.DONE:
            click.echo(click.style(f"(exit {ended.returncode})", dim=True))
        if ended.returncode != expected:
            raise BeamctlError(f"the demo expected exit {int(expected)}", "Please report the output above.")


def _environment(url: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BEAMCTL_", "BL_", "BEAMLIT_", "GIT_"))
    }
    beamctl_is_here = os.pathsep.join(str(path) for path in sys.path if path)
    return kept | {"BEAMCTL_API_URL": url, "BEAMCTL_API_KEY": KEY, "PYTHONPATH": beamctl_is_here}


@contextmanager
def _control_plane(directory: Path) -> Iterator[str]:
    """Serve the emulator on a free port during the demo."""
    arguments = [*_BEAMCTL, "emulator", "serve", "--port", "0", "--seed", "seed.yaml"]
    server = subprocess.Popen(  # noqa: S603 - as above
        arguments, cwd=directory, env=_environment(""), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        words = (word for line in server.stdout or () for word in line.split())
        url = next((word for word in words if word.startswith("http://")), "")
        if not url:
            server.terminate()
            raise BeamctlError("the emulator did not start", server.communicate()[1].strip())
        yield url
    finally:
        server.terminate()
        server.communicate()

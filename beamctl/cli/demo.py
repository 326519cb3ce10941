"""`beamctl demo`: the whole story on this machine, told by running the real commands against the emulator over HTTP.
It must not take a short cut that a user could not take: everything it does is a command that it shows."""

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

from beamctl.cli.demo_files import KEY, SEED, WITH_MISTAKES, WITHOUT_MISTAKES
from beamctl.cli.exits import Exit
from beamctl.cli.local import require_emulator
from beamctl.cli.options import PathType
from beamctl.errors import BeamctlError, UsageError

_BEAMCTL = (sys.executable, "-m", "beamctl")
_KIM = "emulator call --as kim@example.com POST /workspaces/acme/join"
_EVE = """emulator call --as ada@example.com -w acme PUT /users/eve@example.com '{"role": "admin"}'"""


@click.command("demo")
@click.argument("directory", type=PathType(file_okay=False), default=Path("beamctl-demo"))
def command(directory: Path) -> int:
    """See it work, on this machine, in a new directory.

    That is DIRECTORY, or else beamctl-demo, and it is left for you to play in. Needs no account and no network.
    """
    require_emulator()
    try:
        _begin_in(directory)
    except OSError as error:
        raise UsageError(f"cannot use {directory}: {error.strerror or error}", "Name another DIRECTORY.") from None
    with _control_plane(directory) as url:
        _tell(_Stage(directory, url))
    click.echo(_end(directory))
    return Exit.DONE


def _begin_in(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        again = f"cd {shlex.quote(str(directory))}" if (directory / "beamctl.yaml").exists() else ""
        hint = f"To go on in it:  {again}\n" if again else ""
        raise UsageError(
            f"{directory} is there already, and not empty", f"{hint}To begin anew:  beamctl demo OTHER-DIRECTORY"
        )
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "seed.yaml").write_text(SEED, "utf-8")


def _tell(stage: _Stage) -> None:
    stage.say("A control plane now runs on this machine. In it, the workspace acme, looked after by ada.")
    stage.shell_line("beamctl emulator serve --port 0 --seed seed.yaml &")
    stage.shell_line(f"export BEAMCTL_API_URL={stage.url} BEAMCTL_API_KEY={KEY}")
    stage.run("show -w acme", Exit.DONE)
    stage.say("Who should be in stands in a file. This one has mistakes; no network is needed to see them.")
    stage.write("beamctl.yaml", WITH_MISTAKES)
    stage.run("validate", Exit.WRONG_INPUT)
    stage.say("Mended. What would it change?")
    stage.write("beamctl.yaml", WITHOUT_MISTAKES)
    stage.run("plan", Exit.DONE)
    stage.say("Make it so.")
    stage.run("apply --auto-approve", Exit.DONE)
    stage.say("Kim accepts the invitation. It is the same person to beamctl: nothing to do.")
    stage.run(_KIM, Exit.DONE)
    stage.run("plan", Exit.DONE)
    stage.say("Now somebody changes the workspace by hand, behind beamctl's back. A scheduled drift run finds it.")
    stage.run(_EVE, Exit.DONE)
    stage.run("drift", Exit.DIFFERS)
    stage.say("To take an admin away is refused, until somebody allows exactly that.")
    stage.run("plan", Exit.REFUSED)


def _end(directory: Path) -> str:
    return "\n".join(
        [
            "",
            "That was it. The last change is yours to undo; no server is needed for it:",
            "",
            f"  cd {shlex.quote(str(directory))}",
            f"  {_typed()} apply --api-url local --allow removes-admin=eve@example.com",
            "",
            f"Then edit beamctl.yaml, and plan again:  {_typed()} plan --api-url local",
        ]
    )


def _typed() -> str:
    """What to type to run this beamctl, from another directory too."""
    if shutil.which("beamctl"):
        return "beamctl"
    started = Path(sys.argv[0]).absolute()
    return f"{shlex.quote(sys.executable)} -m beamctl" if started.suffix == ".py" else shlex.quote(str(started))


class _Stage:
    """Where the demo plays: shows each command, runs it, and checks that it ended as it should."""

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

    def run(self, line: str, expected: Exit) -> None:
        self.shell_line(f"beamctl {line}")
        ended = subprocess.run(  # noqa: S603 - our own program, with arguments that stand above
            [*_BEAMCTL, *shlex.split(line)], cwd=self._directory, env=_environment(self.url), check=False
        )
        if ended.returncode != Exit.DONE:
            click.echo(click.style(f"(exit {ended.returncode})", dim=True))
        if ended.returncode != expected:
            raise BeamctlError(f"the demo expected exit {int(expected)}", "Please report what is printed above.")


def _environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BEAMCTL_", "BL_", "BEAMLIT_"))}
    beamctl_is_here = os.pathsep.join(str(path) for path in sys.path if path)
    return kept | {"BEAMCTL_API_URL": url, "BEAMCTL_API_KEY": KEY, "PYTHONPATH": beamctl_is_here}


@contextmanager
def _control_plane(directory: Path) -> Iterator[str]:
    """Serve the emulator on a free port while the demo lasts."""
    arguments = [*_BEAMCTL, "emulator", "serve", "--port", "0", "--seed", "seed.yaml"]
    server = subprocess.Popen(  # noqa: S603 - as above
        arguments, cwd=directory, env=_environment(""), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        said = (word for line in server.stdout or () for word in line.split())
        url = next((word for word in said if word.startswith("http://")), "")
        if not url:
            server.terminate()
            raise BeamctlError("the emulator did not start", server.communicate()[1].strip())
        yield url
    finally:
        server.terminate()
        server.communicate()

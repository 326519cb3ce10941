"""`beamctl completion`: print the script that completes commands, options and values in a shell.

A module of its own: there is one for each command."""

from __future__ import annotations

import click

from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand


@click.command(
    "completion",
    cls=BeamctlCommand,
    examples=(
        "beamctl completion bash > ~/.local/share/bash-completion/completions/beamctl",
        "beamctl completion zsh > ~/.zfunc/_beamctl",
        "beamctl completion fish > ~/.config/fish/completions/beamctl.fish",
        "beamctl completion powershell > ~/beamctl.ps1",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
def command(shell: str) -> int:
    """Print a script that completes commands, options, workspaces and e-mail addresses.

    Save it to a file that the shell reads; it takes effect in new shells. Workspaces and e-mail addresses come from
    the documents in the current directory, or those named with -f. Nothing is read from a workspace.

    For zsh, add `fpath+=~/.zfunc` to .zshrc, before `compinit`. For PowerShell, add `. ~/beamctl.ps1` to $PROFILE.
    """
    from beamctl.cli.completion import script

    root = click.get_current_context().find_root().command
    click.echo(script(root, shell), nl=False)
    return Exit.DONE

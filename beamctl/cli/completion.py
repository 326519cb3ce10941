"""Shell completion: the script for each shell, and the answer to a script. An answer never fails, prints an error, or
takes long: the shell would show it in the middle of a command line."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from io import StringIO
from typing import TYPE_CHECKING

from click.shell_completion import BashComplete, CompletionItem, ShellComplete, get_completion_class, split_arg_string

from beamctl.cli.candidates import MOST, SAFE

if TYPE_CHECKING:
    import click

VARIABLE = "_BEAMCTL_COMPLETE"
"""Set by the scripts: the name of the shell, and `_complete`."""
_PROGRAM = "beamctl"
_SECONDS = 3.0
_LOADED_BY_ZSH = ("$zsh_eval_context[-1] == loadautofunc", f"$funcstack[1] == _{_PROGRAM}")
"""How click's script for zsh tells that it is on `$fpath`, and a way that also holds the second time."""


class _WholeWords(BashComplete):
    """Completion for bash, which splits words at `@`, `:` and `=`: the script passes the line instead.

    Unlike click's script, this one does not expand wildcards in candidates.
    """

    source_template = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value"); case $value in *=) compopt -o nospace ;; esac ;;
        esac
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORD="$2" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the word at the cursor."""
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)
        incomplete = words.pop() if len(split_arg_string(f"{line}x")) == len(words) else ""
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        """The part of a candidate that replaces what bash takes for the word."""
        _, incomplete = self.get_completion_args()
        prefix = incomplete.removesuffix(os.environ.get("COMP_WORD", ""))
        return f"{item.type},{item.value.removeprefix(prefix)}"


def script(cli: click.Command, shell: str) -> str:
    """The script that completes `beamctl` in a shell."""
    found = _for_shell(cli, shell)
    return (found.source_template % found.source_vars()).replace(*_LOADED_BY_ZSH)


def answer(cli: click.Command, instruction: str) -> int:
    """Write the answer to a script, or nothing if there is none. Returns the exit code."""
    shell, _, what = instruction.partition("_")
    text = StringIO()
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
        signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    with suppress(BaseException), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        text.write(script(cli, shell) if what == "source" else _candidates(_for_shell(cli, shell)))
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    with suppress(OSError):
        sys.stdout.buffer.write(f"{text.getvalue().rstrip()}\n".encode())
        sys.stdout.flush()
    return 0


def _for_shell(cli: click.Command, shell: str) -> ShellComplete:
    found = _WholeWords if shell == _WholeWords.name else get_completion_class(shell)
    if found is None:
        raise LookupError(shell)
    return found(cli, {}, _PROGRAM, VARIABLE)


def _candidates(shell: ShellComplete) -> str:
    found = shell.get_completions(*shell.get_completion_args())
    safe = [each for each in found if each.type != "plain" or (each.value and SAFE.fullmatch(each.value))]
    return "\n".join(map(shell.format_completion, safe[:MOST]))

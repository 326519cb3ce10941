"""Entry point: answers `--version` before anything heavy is imported.

A module of its own: `python -m beamctl` requires it, and it must import next to nothing."""

from __future__ import annotations

import gc
import os
import sys

from beamctl import __version__

_INTERRUPTED = 130
"""Same as `Exit.INTERRUPTED` in `beamctl.cli.output`, without the import."""


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        _ignore_modules_in_current_directory()
        if sys.argv[1:] == ["--version"]:
            print(f"beamctl {__version__}")  # noqa: T201 - unlike click.echo, it tolerates a closed standard output
            return 0
        gc.set_threshold(200_000)  # a plan of many objects has few cycles: looking for them takes a tenth of its time
        from beamctl.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # during the import
        return _INTERRUPTED


def _ignore_modules_in_current_directory() -> None:
    """Drop the current directory from the import path.

    `python -m` and an empty PYTHONPATH entry search it first, and it may be an untrusted checkout: a `yaml.py` there
    must not be imported. Entries after the standard library are installed packages and are kept.
    """
    try:
        here = os.path.realpath(os.curdir)
    except OSError:  # the directory was deleted
        return
    library = os.path.dirname(os.__file__)  # noqa: PTH120 - importing pathlib could load a module from the checkout
    ours = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 - as above
    if here not in (library, ours):
        first = sys.path.index(library) if library in sys.path else len(sys.path)
        sys.path[:first] = [entry for entry in sys.path[:first] if os.path.realpath(entry) != here]


if __name__ == "__main__":
    sys.exit(main())

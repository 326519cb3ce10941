"""Where `beamctl` begins. It answers `--version` before anything heavy is imported, and must stay this small."""

from __future__ import annotations

import os
import sys

from beamctl import __version__

_INTERRUPTED = 130
"""As in `beamctl.cli.exits`, which is not imported for this."""


def main() -> int:
    """Run the command line and give its exit code."""
    try:
        _ignore_modules_in_current_directory()
        if sys.argv[1:] == ["--version"]:
            print(f"beamctl {__version__}")  # noqa: T201 - unlike others, it copes with a closed standard output
            return 0
        from beamctl.cli.main import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while the rest of beamctl was imported
        return _INTERRUPTED


def _ignore_modules_in_current_directory() -> None:
    """`python -m` and an empty entry of PYTHONPATH search the current directory first, which may be someone else's
    checkout: a `yaml.py` there must not be imported. Entries after the standard library's are installed packages."""
    try:
        here = os.path.realpath(os.curdir)
    except OSError:  # it was deleted, so there is nothing in it
        return
    library = os.path.dirname(os.__file__)  # noqa: PTH120 - pathlib and what it imports could be the checkout's
    ours = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 - as above
    if here not in (library, ours):
        first = sys.path.index(library) if library in sys.path else len(sys.path)
        sys.path[:first] = [entry for entry in sys.path[:first] if os.path.realpath(entry) != here]


if __name__ == "__main__":
    sys.exit(main())

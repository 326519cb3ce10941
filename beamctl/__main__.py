"""Where `beamctl` begins. It answers `--version` before anything heavy is imported, and must stay this small."""

from __future__ import annotations

import sys

from beamctl import __version__


def main() -> int:
    """Run the command line and give its exit code."""
    if sys.argv[1:] == ["--version"]:
        print(f"beamctl {__version__}")  # noqa: T201 - unlike others, it copes with a closed standard output
        return 0
    from beamctl.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

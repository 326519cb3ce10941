"""The last runs of many workspaces come from one listing of the folder."""

from pathlib import Path

from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LastRun, LastRuns

API = "https://api.example/v0"


class CountingFolder(RecordFolder):
    """Counts how often it is listed."""

    listed = 0

    def names(self) -> list[str]:
        self.listed += 1
        return super().names()


def test_the_folder_is_listed_once(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"20261124T120000{number:03}Z-w{number}-abc123.jsonl").write_text("not a record\n")
    folder = CountingFolder(tmp_path)
    last = LastRuns(folder)
    assert [last.of(f"w{number}", API) for number in range(25)] == 25 * [LastRun()]
    assert folder.listed == 1


def test_names_with_hyphens(tmp_path: Path) -> None:
    """Every record that may be about a workspace is read; its content decides."""
    names = ["acme", "acme-prod", "prod", "a-acme-prod-b", "acme-prod-eu"]
    paths = {name: tmp_path / f"20261124T120000000Z-{name}-abc123.jsonl" for name in names}
    for path in paths.values():
        path.write_text("not a record\n")
    last = LastRuns(RecordFolder(tmp_path))
    for name in [*names, "eu", "abc123", "20261124T120000000Z", "missing"]:
        expected = sorted((path.stem for path in paths.values() if f"-{name}-" in path.name), reverse=True)
        assert list(last.names(name)) == expected

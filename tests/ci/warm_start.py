"""A `beamctl` program for shell scripts that starts fast: it is forked from a process that has imported everything."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.conftest import clean_environment

SERVER = """
import json, os, signal, socket, sys, threading, traceback
from beamctl.__main__ import main
from beamctl.cli.main import COMMANDS, beamctl
import click, httpx, jsonschema
for name in COMMANDS:
    beamctl.get_command(click.Context(beamctl), name)
import beamctl.kinds.registry, beamctl.workflow.plan, beamctl.report.json_report, beamctl.api.config
beamctl.kinds.registry.all_kinds()
wait = threading.Event.wait  # pauses take no time
threading.Event.wait = lambda event, timeout=None: event.is_set() if timeout is not None else wait(event)
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    if os.fork():
        connection.close()
        continue
    server.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    data, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    request = json.loads(data)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    process = os.fork()  # its parent has the same streams, as a shell has
    if process:
        connection.send(bytes([os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) & 255]))
        os._exit(0)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False) for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["beamctl", *request["arguments"]]
    try:
        code = main()
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code))
"""

CLIENT = """
import json, os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
request = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
answer = connection.recv(1)
sys.exit(answer[0] if answer else 1)
"""


@contextmanager
def warm_beamctl(folder: Path) -> Iterator[str]:
    """The command to put into a script called `beamctl`."""
    path = str(folder / "socket")
    (folder / "client.py").write_text(CLIENT)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, path], stdout=subprocess.PIPE, env=clean_environment(folder), text=True
    ) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            yield shlex.join([os.path.realpath(sys.executable), "-I", "-S", str(folder / "client.py"), path])
        finally:
            server.terminate()

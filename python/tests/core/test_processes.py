"""Forks, spawned processes and servers that fork: nothing waits for a thread that stayed behind."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import breachdex
import pyarrow as pa
import pytest
from support import damaged, replace

ROWS = 200_000


def in_child(work: Callable[[], int]) -> int:
    """What ``work`` returns in a forked child, which is given ten seconds."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_after_bulk_use_works(exposed_index: Path) -> None:
    index = breachdex.Index.open(exposed_index, reload_every=0.0)
    column = pa.array(["hunter2"] * ROWS)

    def bulk() -> int:
        return 0 if sum(index.counts(column).to_pylist()) == 17 * ROWS and index.count("hunter2") == 17 else 1

    def twice() -> int:
        return bulk() + in_child(bulk)

    assert bulk() == 0
    assert [in_child(bulk), in_child(twice), bulk()] == [0, 0, 0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_in_the_middle_of_bulk_use_and_swaps_works(
    exposed_index: Path, make_index: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_index(tmp_path / "a.bdx", {"hunter2": 17})
    data = path.read_bytes()
    index = breachdex.Index.open(path, reload_every=0.0)
    column = pa.array(["hunter2"] * ROWS)
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            index.counts(column)

    def swap() -> None:
        while not stop.is_set():
            replace(path, data)

    threads = [threading.Thread(target=work) for work in (churn, churn, swap)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            assert in_child(lambda: 0 if index.counts(column).to_pylist()[-1] == 17 else 1) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def ask(index: breachdex.Index) -> int:
    return index.count("hunter2")


def test_spawned_processes(exposed_index: Path) -> None:
    context = multiprocessing.get_context("spawn")
    index = breachdex.Index.open(exposed_index)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(ask, [index] * 4)) == [17] * 4


APPLICATION = """
import os
import breachdex

index = breachdex.Index.open(os.environ["INDEX"], reload_every=0.05)
index.verify()

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{index.count('both')} {os.getpid()}".encode()]
"""


def gunicorn(folder: Path, index: Path) -> subprocess.Popen[str]:
    (folder / "application.py").write_text(APPLICATION, encoding="utf-8")
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "4", "--bind", "127.0.0.1:0"]
    environment = {**os.environ, "INDEX": str(index)}
    return subprocess.Popen(
        [*command, "application"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def port_of(server: subprocess.Popen[str]) -> int:
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    pytest.fail("gunicorn did not come up")


def fetch(port: int) -> tuple[int, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
        count, worker = response.read().split()
    return int(count), int(worker)


def test_gunicorn_answers_while_the_index_is_replaced(
    make_index: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_index(tmp_path / "a.bdx", {"both": 1})
    one, two = path.read_bytes(), make_index(tmp_path / "b.bdx", {"both": 2}).read_bytes()
    server = gunicorn(tmp_path, path)
    try:
        port = port_of(server)
        seen: set[tuple[int, int]] = set()
        for i in range(400):
            if i % 20 == 0:
                replace(path, two if i % 40 == 0 else one)
                time.sleep(0.06)
            seen.add(fetch(port))
        replace(path, two)
        time.sleep(0.1)
        assert {fetch(port)[0] for _ in range(40)} == {2}
        assert {count for count, _ in seen} == {1, 2}
        assert len({worker for _, worker in seen}) > 1
    finally:
        server.terminate()
        server.wait(20)
        if server.stdout:
            server.stdout.close()


def test_gunicorn_refuses_to_boot_on_a_damaged_index(exposed_index: Path, tmp_path: Path) -> None:
    server = gunicorn(tmp_path, damaged(exposed_index, tmp_path / "damaged.bdx"))
    output, _ = server.communicate(timeout=60)
    assert server.returncode != 0
    assert "IndexDamagedError" in output and "restore it from a copy or build it again" in output


IN_A_SUBINTERPRETER = """
import sys
import breachdex
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
inner = interpreters.create()
run = getattr(interpreters, "exec", interpreters.run_string)
try:
    said = run(inner, "import sys; sys.path[:] = %r; import breachdex" % sys.path)
except Exception as error:
    said = error
print(getattr(said, "formatted", said))
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="CPython refuses it from 3.12 on")
def test_a_second_interpreter_is_refused() -> None:
    # As the documentation quotes it; mod_wsgi runs applications in one.
    environment = {**os.environ, "PYTHONPATH": str(Path(breachdex.__file__).parents[1])}
    said = subprocess.run(
        [sys.executable, "-c", IN_A_SUBINTERPRETER],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    ).stdout
    assert "module breachdex._breachdex does not support loading in subinterpreters" in said

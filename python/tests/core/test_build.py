"""`breachdex.build` and the command of the wheel: progress, exceptions, Ctrl-C and closed pipes."""

from __future__ import annotations

import os
import pickle
import platform
import random
import signal
import subprocess
import sys
import time
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import breachdex
import pytest


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hashes in no order, enough that a build of them takes a while."""
    path = tmp_path_factory.mktemp("many") / "many.txt"
    generator = random.Random(1)
    with path.open("w", encoding="ascii") as file:
        for _ in range(1_500_000):
            file.write(f"{generator.getrandbits(160):040X}:1\n")
    return path


def test_options_and_report(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("one\ntwo\ntwo\nthree\n", encoding="utf-8")
    report = breachdex.build(
        words, tmp_path / "a.bdx", format="passwords", source="here", corpus_date="2026-01-02"
    )
    assert (report.entries, report.bits, report.floor, report.left_out) == (3, 160, 1, 0)
    assert report.file_size == (tmp_path / "a.bdx").stat().st_size
    with breachdex.Index.open(tmp_path / "a.bdx") as index:
        assert index.count("two") == 2 and index.metadata.content_id == report.content_id
    top = breachdex.build([tmp_path / "a.bdx"], tmp_path / "top.bdx", top=1, counts=False)
    assert top.entries == 1 and repr(top).startswith("BuildReport(entries=1, ")


def test_lists_that_are_probably_something_else(tmp_path: Path) -> None:
    lists = {
        "digests.txt": b"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\n" * 2,
        "ntlm.txt": b"8846F7EAEE8FB117AD06BDD830B7586C\n" * 2,
        "combo.txt": b"kim@corp.example:a\nlee@corp.example:b\n",
        "hashcat.txt": b"a\n$HEX[613a62]\n",
        "latin.txt": "pässword\n".encode("windows-1252"),
        "plain.txt": b"password\n",
    }
    for name, content in lists.items():
        (tmp_path / name).write_bytes(content)
    paths = {name: str(tmp_path / name) for name in lists}
    with pytest.warns(breachdex.BuildWarning) as warned:
        report = breachdex.build(list(paths.values()), tmp_path / "a.bdx", format="passwords")
    assert report.passwords_like_digests == ((paths["digests.txt"], "sha1"), (paths["ntlm.txt"], "ntlm"))
    assert report.passwords_with_users == (paths["combo.txt"],)
    assert report.passwords_in_notation == (paths["hashcat.txt"],)
    assert report.passwords_not_utf8 == (paths["latin.txt"],)
    assert (report.empty_span, report.passed_over) == (None, ())
    said = [str(warning.message) for warning in warned]
    assert {warning.filename for warning in warned} == {__file__}
    read = "was read as passwords, but its lines look like"
    assert said[:2] == [
        f"{paths['digests.txt']} {read} SHA-1 digests; pass format='hibp' if they are",
        f"{paths['ntlm.txt']} {read} NTLM digests; pass kind='ntlm', format='hibp' if they are",
    ]
    assert said[2].startswith(f"{paths['hashcat.txt']}: some lines are written as $HEX[...] by hashcat")
    assert said[3].startswith(f"{paths['combo.txt']} begins with user:password lines, which were taken for")
    assert said[4].startswith(f"{paths['latin.txt']}: some lines are not UTF-8 and were hashed byte by byte")
    assert len(said) == 5
    assert pickle.loads(pickle.dumps(report)) == report
    # A pickle of an earlier version has no notes.
    restore, (facts, _) = report.__reduce__()
    assert restore(facts).entries == report.entries and restore(facts).passwords_with_users == ()


def test_rows_of_passwords_are_looked_at_as_lists_are(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    rows = pa.table({"password": ["a", "$HEX[613a62]"]})
    with pytest.warns(breachdex.BuildWarning, match=r"^the rows: some lines are written as \$HEX"):
        report = breachdex.build_segment(rows, tmp_path / "a.bdx", format="passwords")
    assert (report.passwords_in_notation, report.passwords_not_utf8) == (("the rows",), ())
    rows = pa.table({"password": [b"a", b"p\xe4ssword"]})
    with pytest.warns(breachdex.BuildWarning, match="^the rows: some lines are not UTF-8"):
        report = breachdex.build_segment(rows, tmp_path / "b.bdx", format="passwords")
    assert report.passwords_not_utf8 == ("the rows",)


def test_folders_and_cut_off_lists(tmp_path: Path) -> None:
    folder = tmp_path / "ranges"
    folder.mkdir()
    (folder / "5BAA6").write_text("1E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n", encoding="ascii")
    (folder / "README.md").write_text("what is here", encoding="ascii")
    report = breachdex.build(folder, tmp_path / "ranges.bdx", partial=True)
    assert report.passed_over == ("README.md",)
    generator = random.Random(2)
    with (tmp_path / "half.txt").open("w", encoding="ascii") as file:
        for _ in range(50_000):
            file.write(f"{generator.getrandbits(159):040X}:1\n")
    with pytest.warns(breachdex.BuildWarning, match="^no digest begins with .* was cut off, or is a part"):
        report = breachdex.build(tmp_path / "half.txt", tmp_path / "half.bdx")
    assert report.empty_span is not None and report.empty_span[1] == "FFFFF"


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        (
            {"format": "csv"},
            ValueError,
            "format must be 'hibp', 'ranges', 'passwords' or 'index', not \"csv\"",
        ),
        ({"merge": "min"}, ValueError, "merge must be 'sum', 'max' or 'error', not \"min\""),
        ({"prefixes": ["xyz"]}, ValueError, "prefixes are five hexadecimal digits, or two of them as A-B"),
        ({"partial": True, "prefixes": []}, ValueError, "give partial or prefixes, not both"),
        ({"kind": "md5"}, ValueError, "kind must be 'sha1' or 'ntlm'"),
    ],
)
def test_bad_options(tmp_path: Path, options: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        breachdex.build([], tmp_path / "a.bdx", **options)
    assert str(caught.value) == message


def test_faults_of_the_input(tmp_path: Path) -> None:
    target = tmp_path / "a.bdx"
    with pytest.raises(FileNotFoundError, match=f"^cannot (open|read) {tmp_path}/none: No such file"):
        breachdex.build(tmp_path / "none", target)
    bad = tmp_path / "bad.txt"
    bad.write_text("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\nnot a row\n", encoding="ascii")
    with pytest.raises(breachdex.BuildError, match="bad.txt, line 2: "):
        breachdex.build(bad, target, format="hibp")
    good = tmp_path / "good.txt"
    good.write_text("5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\n", encoding="ascii")
    breachdex.build(good, target)
    with pytest.raises(breachdex.TargetExistsError) as caught:
        breachdex.build(good, target)
    assert str(caught.value) == f"{target} exists; pass replace=True to replace it"
    assert isinstance(caught.value, FileExistsError)
    with pytest.raises(TypeError, match="^inputs must be a path or a list of paths$"):
        breachdex.build(5, target)  # type: ignore[arg-type]


def test_progress_is_reported_and_its_exception_comes_out_again(many: Path, tmp_path: Path) -> None:
    seen: list[breachdex.Progress] = []
    report = breachdex.build(many, tmp_path / "a.bdx", progress=seen.append)
    assert report.entries == 1_500_000 and report.went_unsorted is not None
    assert {step.phase for step in seen} >= {"reading", "sorting"}
    assert all(step.total is None or step.done <= step.total for step in seen)

    class Stop(Exception):
        pass

    def stop(step: breachdex.Progress) -> None:
        if step.phase == "sorting":
            raise Stop("enough")

    folder = tmp_path / "stopped"
    folder.mkdir()
    with pytest.raises(Stop, match="^enough$"):
        breachdex.build(many, folder / "b.bdx", progress=stop)
    assert list(folder.iterdir()) == []


PYTHON_BUILD = "import breachdex, sys; breachdex.build(sys.argv[1], sys.argv[2], progress=lambda _: print('.', flush=True))"


@pytest.mark.parametrize("command", ["wheel", "function"])
def test_ctrl_c_stops_a_build_soon_and_leaves_no_files(many: Path, tmp_path: Path, command: str) -> None:
    target = tmp_path / "out" / "a.bdx"
    target.parent.mkdir()
    arguments = [sys.executable, "-m", "breachdex", "build", "-o", str(target), str(many)]
    if command == "function":
        arguments = [sys.executable, "-c", PYTHON_BUILD, str(many), str(target)]
    build = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while not any(target.parent.iterdir()):
        assert time.monotonic() < deadline and build.poll() is None
        time.sleep(0.01)
    # A quick machine is done soon after.
    time.sleep(0.03)
    build.send_signal(signal.SIGINT)
    _, said = build.communicate(timeout=20)
    assert build.returncode not in (0, None) and list(target.parent.iterdir()) == []
    if command == "function":
        assert b"KeyboardInterrupt" in said
    else:
        assert said.endswith(b"stopped; nothing was written\n")


def test_a_closed_pipe_is_quiet(many: Path, tmp_path: Path) -> None:
    breachdex.build(many, tmp_path / "a.bdx")
    script = f"{sys.executable} -m breachdex export {tmp_path / 'a.bdx'} | head -1"
    done = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True, timeout=60)
    assert done.stderr == "" and len(done.stdout.splitlines()) == 1


def test_the_command_reads_standard_input_and_gives_its_exit_code(exposed_index: Path) -> None:
    for given, code, answer in [("hunter2\n", 1, "1\texposed\t17\n"), ("absent\n", 0, "1\tnot found\t0\n")]:
        command = [sys.executable, "-m", "breachdex", "check", "--index", str(exposed_index)]
        done = subprocess.run(command, check=False, input=given, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (code, answer)
    wrong = subprocess.run(
        [sys.executable, "-m", "breachdex", "chekc"], check=False, capture_output=True, timeout=60
    )
    assert wrong.returncode == 2 and b"breachdex: " in wrong.stderr


def test_the_installed_command_is_the_same_code() -> None:
    script = Path(sys.executable).with_name("breachdex")
    if not script.exists():
        pytest.skip("breachdex is not installed in this environment, only importable")
    done = subprocess.run([script, "--version"], check=False, capture_output=True, text=True, timeout=60)
    lines = (distribution("breachdex").read_text("WHEEL") or "").splitlines()
    tags = " or ".join(line.removeprefix("Tag: ") for line in lines if line.startswith("Tag: "))
    assert done.stdout == (
        f"breachdex {breachdex.__version__} (Python package {version('breachdex')}, wheel {tags}, "
        f"{platform.python_implementation()} {platform.python_version()})\n"
    )
    assert os.access(script, os.X_OK) and script.stat().st_size < 10_000


def test_a_closed_standard_output_is_no_verdict(exposed_index: Path) -> None:
    for given, code in (("absent\n", 0), ("hunter2\n", 1)):
        script = f"{sys.executable} -m breachdex check --index {exposed_index} >&-"
        done = subprocess.run(
            ["bash", "-c", script], check=False, input=given, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (code, "")


def test_a_build_on_a_daemon_s_thread_ends_with_the_interpreter(many: Path, tmp_path: Path) -> None:
    script = (
        "import breachdex, sys, threading, time\n"
        "work = lambda: breachdex.build(*sys.argv[1:], progress=lambda _: time.sleep(0.01))\n"
        "threading.Thread(target=work, daemon=True).start(); time.sleep(0.2)"
    )
    command = [sys.executable, "-c", script, str(many), str(tmp_path / "a.bdx")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (
            "0000000000000000000000000000000000000001\n",
            {},
            "is missing; pass counts=False if the list is meant to have none",
        ),
        ("00000000000000000000000000000001:1\n", {}, 'this looks like an NTLM digest; pass kind="ntlm"'),
        (f"{'0' * 39}1:1\n" * 2, {}, 'more than once; pass merge="sum" or merge="max"'),
        (f"{'0' * 39}1:{2**64 - 1}\n" * 2, {"merge": "sum"}, '; pass merge="max"'),
    ],
)
def test_a_fault_names_the_argument_that_may_help(
    tmp_path: Path, text: str, options: dict[str, Any], said: str
) -> None:
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(breachdex.BuildError) as raised:
        breachdex.build(tmp_path / "list.txt", tmp_path / "list.bdx", **options)
    assert str(raised.value).endswith(said)
    assert "--" not in str(raised.value)


def test_an_older_corpus_in_the_place_of_a_newer_one_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"{5:040X}:1\n", encoding="ascii")

    def build(corpus_date: str | None) -> None:
        breachdex.build(
            tmp_path / "a.txt", tmp_path / "a.bdx", prefixes=["00000"], corpus_date=corpus_date, replace=True
        )

    build("2026-11-19")
    build("2026-11-26")
    older = "a.bdx was replaced by an older corpus: its corpus date is 2026-11-19, that of the previous one was 2026-11-26"
    with pytest.warns(breachdex.BuildWarning, match=older):
        build("2026-11-19")
    with pytest.warns(breachdex.BuildWarning, match="it has no corpus date, the previous one had 2026-11-19"):
        build(None)

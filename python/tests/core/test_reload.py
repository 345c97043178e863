"""Files that are replaced, damaged, spoilt and deleted while they are asked."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import breachdex
import pytest
from support import damaged, replace

Make = Callable[..., Path]


def test_replaced_by_rename(make_index: Make, tmp_path: Path) -> None:
    path = make_index(tmp_path / "a.bdx", {"old": 1})
    index = breachdex.Index.open(path)
    assert index.reload_if_changed() is False
    replace(path, make_index(tmp_path / "b.bdx", {"new": 2}).read_bytes())
    assert index.count("old") == 1
    assert index.reload_if_changed() is True
    assert (index.count("old"), index.count("new"), index.reload_error) == (0, 2, None)


def test_reload_every(make_index: Make, tmp_path: Path) -> None:
    path = make_index(tmp_path / "a.bdx", {"old": 1})
    index = breachdex.Index.open(path, reload_every=0.05)
    replace(path, make_index(tmp_path / "b.bdx", {"new": 2}).read_bytes())
    time.sleep(0.1)
    assert index.count("new") == 2


def test_the_working_folder_may_change(
    make_index: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_index(tmp_path / "a.bdx", {"old": 1})
    monkeypatch.chdir(tmp_path)
    index = breachdex.Index.open("a.bdx")
    monkeypatch.chdir("/")
    assert index.path == str(tmp_path / "a.bdx") and index.reload_if_changed() is False
    assert pickle.loads(pickle.dumps(index)).count("old") == 1


def test_a_bad_replacement_is_logged_once(
    make_index: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_index(tmp_path / "a.bdx", {"old": 1})
    index = breachdex.Index.open(path, reload_every=0.0)
    replace(path, damaged(make_index(tmp_path / "b.bdx", {"new": 2}), tmp_path / "c.bdx").read_bytes())
    with caplog.at_level(logging.ERROR, logger="breachdex"):
        assert [index.count("old") for _ in range(5)] == [1] * 5
        assert index.reload_if_changed() is False
    assert isinstance(index.reload_error, breachdex.IndexDamagedError)
    message = f"a replaced index was refused, still using the previous one: {index.reload_error}"
    assert [record.getMessage() for record in caplog.records] == [message]
    replace(path, make_index(tmp_path / "d.bdx", {"newer": 3}).read_bytes())
    assert index.count("newer") == 3 and index.reload_error is None


def test_a_deleted_file_answers_on(make_index: Make, tmp_path: Path) -> None:
    path = make_index(tmp_path / "a.bdx", {"old": 1})
    index = breachdex.Index.open(path, reload_every=0.0)
    path.unlink()
    assert index.count("old") == 1
    assert isinstance(index.reload_error, breachdex.IndexNotFoundError)


def test_changed_in_place_is_never_believed_again(make_index: Make, tmp_path: Path) -> None:
    path = make_index(tmp_path / "a.bdx", {"old": 1})
    index = breachdex.Index.open(path)
    with path.open("r+b") as file:
        file.seek(300)
        file.write(b"x")
    os.utime(path, ns=(1, 1))
    said = (
        f"{path} is damaged: header at byte 0: the file was changed in place while it was open; "
        "restore it from a copy or build it again"
    )
    questions: list[Callable[[], object]] = [
        index.reload_if_changed,
        lambda: index.count("old"),
        lambda: index.counts(["old"]),
        lambda: index.range("00000"),
        index.verify,
    ]
    for question in questions:
        with pytest.raises(breachdex.IndexDamagedError) as caught:
            question()
        assert str(caught.value) == said
    assert repr(index) == f"<breachdex.Index {path} damaged>"
    replace(path, make_index(tmp_path / "b.bdx", {"new": 2}).read_bytes())
    assert index.reload_if_changed() is True and index.count("new") == 2


def test_an_older_replacement_is_used_and_logged_once(
    make_index: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_index(tmp_path / "a.bdx", {"new": 2}, corpus_date="2026-11-26")
    index = breachdex.Index.open(path, reload_every=0.0)
    replace(path, make_index(tmp_path / "b.bdx", {"old": 1}, corpus_date="2026-11-19").read_bytes())
    with caplog.at_level(logging.WARNING, logger="breachdex"):
        assert [index.count("old") for _ in range(5)] == [1] * 5
    message = (
        f"an index was replaced by an older one, which is in use: {path}: its corpus date is 2026-11-19, "
        "that of the previous one was 2026-11-26"
    )
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("WARNING", message)]
    assert index.reload_error is None


def test_a_symbolic_link_that_is_swapped(make_index: Make, tmp_path: Path) -> None:
    """As Kubernetes does with what it mounts: the folder's link moves, the path stays."""
    for name, password in (("one", "old"), ("two", "new")):
        (tmp_path / name).mkdir()
        make_index(tmp_path / name / "pwned.bdx", {password: 1})
    (tmp_path / "data").symlink_to("one")
    index = breachdex.Index.open(tmp_path / "data" / "pwned.bdx")
    (tmp_path / "fresh").symlink_to("two")
    os.replace(tmp_path / "fresh", tmp_path / "data")
    assert index.reload_if_changed() is True and index.count("new") == 1


def test_threads_during_swaps_see_one_file_or_the_other(make_index: Make, tmp_path: Path) -> None:
    path = make_index(tmp_path / "a.bdx", {"both": 1})
    one, two = path.read_bytes(), make_index(tmp_path / "b.bdx", {"both": 2}).read_bytes()
    index = breachdex.Index.open(path, reload_every=0.0)
    seen: list[int] = []
    faults: list[Exception] = []
    stop = threading.Event()

    def ask() -> None:
        try:
            while not stop.is_set():
                seen.append(index.count("both"))
                seen.extend(count or 0 for count in index.counts(["both"] * 3))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test reports it
            faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        replace(path, two)
        replace(path, one)
        index.reload_if_changed()
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults and set(seen) <= {1, 2} and len(seen) > 100


def test_copies_are_the_same_handle(exposed_index: Path) -> None:
    index = breachdex.Index.open(exposed_index)
    assert copy.copy(index) is index and copy.deepcopy([index])[0] is index


def test_pickles(exposed_index: Path, make_index: Make, tmp_path: Path) -> None:
    index = breachdex.Index.open(exposed_index, reload_every=5.0)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(index, protocol)).count("hunter2") == 17
    overlay = breachdex.Index.open(make_index(tmp_path / "o.bdx", {"ours": 1}))
    both = pickle.loads(pickle.dumps(breachdex.IndexSet(index, [overlay])))
    assert both.contains("ours", 1000) and both.count("hunter2") == 17
    with pytest.raises(TypeError) as caught:
        pickle.dumps(breachdex.Index.from_bytes(exposed_index.read_bytes()))
    assert str(caught.value) == (
        "an index made by from_bytes cannot be pickled; write it to a file and open that"
    )


def test_a_pickled_starter_is_the_starter(exposed_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(
        breachdex.StarterIndexWarning, match="^the starter index of 40101 common passwords answers; "
    ):
        pickled = pickle.dumps(breachdex.Index.open())
    monkeypatch.setenv("BREACHDEX_INDEX", str(exposed_index))
    with pytest.warns(breachdex.StarterIndexWarning):
        assert pickle.loads(pickled).metadata.is_starter
    assert breachdex.Index.open().count("hunter2") == 17


def test_a_set_reloads_its_overlays(make_index: Make, tmp_path: Path, exposed_index: Path) -> None:
    path = make_index(tmp_path / "o.bdx", {"leaked today": 1})
    both = breachdex.IndexSet(breachdex.Index.open(exposed_index), [breachdex.Index.open(path)])
    assert both.contains("leaked today", min_count=10**6) and both.count("leaked today") == 1
    assert not both.contains("hunter2", min_count=18) and both.contains("hunter2", min_count=17)
    assert len(both) == len(both.base) + 1 and both.metadata == both.base.metadata
    replace(path, make_index(tmp_path / "p.bdx", {"hunter2": 1}).read_bytes())
    assert both.reload_if_changed() is True
    assert both.contains("hunter2", min_count=10**6) and both.count("hunter2") == 17
    assert both.counts(["hunter2", None, "leaked today"]) == [17, None, 0]
    assert both.range(breachdex.digest("hunter2").hex()[:5]).endswith(":17")
    with both:
        pass
    assert both.closed and both.base.closed


def test_a_signal_handler_may_reload(make_index: Make, tmp_path: Path) -> None:
    """Also while a reload is under way, which takes long enough here that a signal falls into it."""
    path = tmp_path / "a.bdx"
    rows = sorted(
        f"{number * 0x9E3779B97F4A7C15 % 2**64:016X}{number:024X}:1" for number in range(1, 400_000)
    )
    (tmp_path / "rows.txt").write_text("\n".join(rows), encoding="ascii")
    breachdex.build(tmp_path / "rows.txt", path)
    data = path.read_bytes()
    index = breachdex.Index.open(path)
    answers: list[bool] = []
    before = signal.signal(signal.SIGALRM, lambda *_: answers.append(index.reload_if_changed()))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
        for _ in range(10):
            replace(path, data)
            index.reload_if_changed()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert answers and index.reload_error is None


def test_one_and_many_agree_where_an_overlay_covers_a_part(
    make_index: Make, tmp_path: Path, exposed_index: Path
) -> None:
    prefix = breachdex.digest("hunter2").hex()[:5].upper()
    part = make_index(tmp_path / "part.bdx", {"hunter2": 5}, prefixes=[prefix])
    both = breachdex.IndexSet(breachdex.Index.open(exposed_index), [breachdex.Index.open(part)])
    passwords = ["hunter2", "password", "absent"]
    assert both.counts(passwords) == [both.count(password) for password in passwords] == [17, 52256179, 0]

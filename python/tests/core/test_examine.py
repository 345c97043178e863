"""``examine`` on what can be asked, and the asynchronous twins of a set."""

from __future__ import annotations

import asyncio
from pathlib import Path

import breachdex
import pytest
from support import write_index

EXPOSED = "correct horse battery staple"


def test_all_forms(exposed_index: Path) -> None:
    index = breachdex.Index.open(exposed_index)
    raw, plain = index.examine("パスワード"), index.examine("ﾊﾟｽﾜｰﾄﾞ")
    assert raw is not None
    assert plain is not None
    assert (raw.count, raw.form, raw.source, raw.partial) == (300, "raw", "base", False)
    assert plain.form == "nfkc"
    assert index.examine("not there 1177") is None
    assert index.examine(EXPOSED, 5) is None
    assert index.examine("not there 1177", stored="hunter2")


def test_a_yen_sign_is_a_backslash(tmp_path: Path) -> None:
    index = breachdex.Index.open(write_index(tmp_path / "yen.bdx", {"C:\\temp": 3}))
    assert index.examine("C:¥temp")


def test_a_hit_in_an_overlay(exposed_index: Path, tmp_path: Path) -> None:
    overlay = breachdex.Index.open(write_index(tmp_path / "own.bdx", {"examplecorp2026": 1}))
    both = breachdex.IndexSet(breachdex.Index.open(exposed_index), [overlay])
    found = both.examine("ｅｘａｍｐｌｅｃｏｒｐ2026", 1000)
    assert found is not None
    assert (found.source, found.form) == ("overlay", "nfkc")


def test_a_set_is_asked_without_blocking(exposed_index: Path) -> None:
    both = breachdex.IndexSet(breachdex.Index.open(exposed_index))

    async def ask() -> None:
        assert await both.acount("hunter2") == 17
        assert await both.acontains("hunter2", 17)
        assert not await both.acontains("hunter2", 18)
        assert await both.acount_hash(breachdex.digest("hunter2")) == 17
        assert (await both.arange(breachdex.digest("hunter2").hex()[:5])).endswith(":17")
        assert await both.aexamine("ﾊﾟｽﾜｰﾄﾞ", stored="x") == both.examine("ﾊﾟｽﾜｰﾄﾞ")
        with pytest.raises(ValueError, match="min_count must be 1 or more, not 0"):
            await both.acontains("hunter2", 0)

    asyncio.run(ask())


def test_a_set_with_a_server_waits_on_a_thread(exposed_index: Path) -> None:
    client = breachdex.RangeClient("http://127.0.0.1:9")
    both = breachdex.IndexSet([breachdex.Index.open(exposed_index), client])

    async def ask() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        with pytest.raises(breachdex.RemoteError):
            await both.acount("not there 1177")
        assert await both.acontains("hunter2")
        assert await both.aexamine("hunter2")
        ticking.cancel()
        assert ticks > 1

    asyncio.run(ask())
    assert breachdex.IndexSet(client).metadata is None
    assert both.metadata is not None


def test_a_client_alone(exposed_index: Path) -> None:
    client = breachdex.RangeClient("http://127.0.0.1:9", on_error="accept")
    assert client.count("hunter2") == 0
    with pytest.raises(breachdex.RemoteError):
        client.examine("hunter2")

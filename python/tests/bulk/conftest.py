"""The recipes of the page as modules, and an index for them."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from columns import Rows, rows, seen
from support import write_index

PAGE: Final = Path(__file__).parents[3] / "docs" / "site" / "bulk.md"

MODULE: Final = re.compile(r"```python\n# (?P<path>exposed/\w+\.py)\n(?P<code>.*?)```\n", re.DOTALL)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index and the page's modules."""
    made = tmp_path_factory.mktemp("bulk")
    write_index(made / "pwned.bdx", seen())
    (made / "exposed").mkdir()
    for module in MODULE.finditer(PAGE.read_text(encoding="utf-8")):
        (made / module["path"]).write_text(module["code"], encoding="utf-8")
    return made


@pytest.fixture(scope="package", autouse=True)
def _here(folder: Path) -> Iterator[None]:
    """The working folder, and where modules come from, for this process and the workers that it starts."""
    before, path = Path.cwd(), os.environ.get("PYTHONPATH")
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    yield
    os.chdir(before)
    sys.path.remove(str(folder))
    if path is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = path


@pytest.fixture(scope="session")
def recipe() -> Any:
    """Imports one of the page's modules by its name."""

    def load(name: str) -> ModuleType:
        return importlib.import_module(f"exposed.{name}")

    return load


@pytest.fixture(
    scope="session", params=[100_000, pytest.param(1_000_000, marks=pytest.mark.million)], ids=["100k", "1M"]
)
def many(request: pytest.FixtureRequest) -> Rows:
    """A hundred thousand rows; with ``-m million`` a million."""
    return rows(request.param)


@pytest.fixture(scope="session")
def few() -> Rows:
    """A thousand rows."""
    return rows(1000)

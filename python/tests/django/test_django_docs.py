"""The pages about Django say what is so."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import breachdex.django
import pytest
from breachdex.django import radar_setting
from breachdex.django.conf import DEFAULT_ON_ERROR, KEYS, Settings, parse
from django.test import RequestFactory  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]

SITE = Path(__file__).resolve().parents[3] / "docs" / "site"
if not SITE.is_dir():
    pytest.skip("the documentation is not part of this copy", allow_module_level=True)

PAGE = (SITE / "django.md").read_text(encoding="utf-8")
MOVING = (SITE / "from-pwned-passwords-django.md").read_text(encoding="utf-8")
RECIPE = Path(__file__).parent / "django_site" / "allauth_recipe.py"
APP = Path(breachdex.django.__file__).parent


def test_the_table_of_settings_is_complete() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| `(.+?)` \|", PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == list(KEYS)
    defaults = Settings()
    for name, said in rows:
        value = getattr(defaults, name.lower())
        lists: dict[str, object] = {key: [] for key in ("OVERLAYS", "PAIRS", "PAIR_KEY")}
        expected = {"ON_ERROR": dict(DEFAULT_ON_ERROR), **lists}.get(name, value)
        assert ast.literal_eval(said) == expected, name


def test_the_table_of_checks_is_complete() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in APP.glob("*.py"))
    assert set(re.findall(r"^\| `(breachdex\.[EW]\d+)` \|", PAGE, re.MULTILINE)) == set(
        re.findall(r'"(breachdex\.[EW]\d+)"', source)
    )


def test_the_recipe_for_allauth_is_the_one_that_is_tested() -> None:
    recipe = RECIPE.read_text(encoding="utf-8")
    code = recipe[recipe.index("from allauth") :]
    assert f'```python title="shop/accounts.py"\n{code}```\n' in PAGE


@pytest.mark.parametrize("page", [PAGE, MOVING], ids=["django", "moving"])
def test_every_name_exists(page: str) -> None:
    names = set(re.findall(r"breachdex\.django(?:\.[A-Za-z_]+){2}\b", page))
    assert names
    for name in names:
        import_string(name)


def test_what_the_radar_s_page_shows_works(configure: Callable[..., None]) -> None:
    text = (SITE.parent / "radar.md").read_text(encoding="utf-8")
    settings_py, module = re.findall(r"```python title=\"[\w/.]+\"\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(settings_py, "settings.py", "exec"), names)  # noqa: S102
    exec(compile(module, "shop/radar.py", "exec"), names)  # noqa: S102
    setting = parse({"RADAR": {**names["BREACHDEX"]["RADAR"], "ON_ADVICE": names["act"]}}).radar
    assert setting is not None
    assert setting.sidecar == "unix:/run/breachdex/sidecar.sock"
    for path in (*names["MIDDLEWARE"], *names["AUTHENTICATION_BACKENDS"]):
        import_string(path)
    request = RequestFactory().post("/")
    names["act"](request, "delay", None)
    with pytest.raises(names["AskForCaptcha"]):
        names["act"](request, "challenge", None)
    keys = set(
        re.findall(r"`([A-Z_]+)`", text[text.index("| key of `RADAR`") : text.index('`"RADAR": True`')])
    )
    assert keys <= set(radar_setting.KEYS) | {"RADAR"}
    assert set(radar_setting.KEYS) - set(radar_setting.OPTIONS) <= keys
    for function in ("alarm", "all_clear", "protect"):
        assert callable(names[function])

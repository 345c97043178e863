"""The pages about Django say what is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import breachdex.django
import pytest
from breachdex.django.conf import DEFAULT_ON_ERROR, KEYS, Settings

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
        expected = {"ON_ERROR": dict(DEFAULT_ON_ERROR), "OVERLAYS": []}.get(name, value)
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
    from django.utils.module_loading import import_string  # type: ignore[import-untyped]

    names = set(re.findall(r"breachdex\.django(?:\.[A-Za-z_]+){2}\b", page))
    assert names
    for name in names:
        import_string(name)

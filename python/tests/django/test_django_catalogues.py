"""The catalogues are what the messages in the compiled module make, and Django finds them."""

from __future__ import annotations

import gettext
import importlib.util
from pathlib import Path
from typing import Any

import breachdex.django
import pytest
from breachdex._breachdex import languages, messages
from breachdex.django.texts import COUNTED, ENGLISH

APP = Path(breachdex.django.__file__).parent
SCRIPT = Path(__file__).resolve().parents[2] / "make_catalogues.py"


@pytest.fixture(scope="module")
def script() -> Any:
    """The script that makes them."""
    pytest.importorskip("babel")
    spec = importlib.util.spec_from_file_location("make_catalogues", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_making_them_again_gives_the_same_files(script: Any) -> None:
    files = script.files()
    catalogues = {path.relative_to(APP).as_posix() for path in APP.glob("locale/*/*/*")}
    assert set(files) == {"texts.py", *catalogues}
    assert len(catalogues) == 2 * len(languages())
    for name, content in files.items():
        assert (APP / name).read_bytes() == content, f"{name}: run python -P python/make_catalogues.py"


@pytest.mark.parametrize("language", languages())
def test_every_message_is_translated(script: Any, language: str) -> None:
    with (APP / f"locale/{language}/LC_MESSAGES/django.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    texts = messages(language)
    for code, english in ENGLISH.items():
        if code != "exposed_count":
            assert catalogue.gettext(english) == texts[code]
    for code, (one, many) in COUNTED.items():
        if code in script.NUMBERED:
            assert catalogue.ngettext(one, many, 15) == texts[code]
            assert catalogue.ngettext(one, many, 1) == texts.get(f"{code}.one", texts[code])
            continue
        assert catalogue.ngettext(one, many, 17).endswith(texts["exposed_count"])
        assert catalogue.ngettext(one, many, 1).endswith(
            texts.get("exposed_count.one", texts["exposed_count"])
        )
        assert catalogue.ngettext(one, many, 17).startswith(texts[code])

"""Whose signature the index of a Flask app must have."""

from __future__ import annotations

from pathlib import Path

import breachdex
import flask
import pytest
from support import new_key, sign, today, write_index


def examined(**config: object) -> breachdex.Exposure | None:
    app = flask.Flask(__name__)
    app.config.update(config)
    with app.app_context():
        return breachdex.examine("hunter2")


def test_the_app_says_whose_index_is_asked(tmp_path: Path) -> None:
    secret, public = new_key(tmp_path)
    plain = write_index(tmp_path / "plain.bdx", {"hunter2": 17}, corpus_date=today())
    signed = write_index(tmp_path / "signed.bdx", {"hunter2": 17}, corpus_date=today())
    sign(signed, secret)
    for keys in (str(public), [public], f"{public},{public}"):
        assert examined(BREACHDEX_INDEX=signed, BREACHDEX_TRUSTED_KEYS=keys, BREACHDEX_MAX_AGE=30) is not None
        with pytest.raises(breachdex.IndexNotSignedError):
            examined(BREACHDEX_INDEX=plain, BREACHDEX_TRUSTED_KEYS=keys)
    breachdex.configure(trusted_keys=public)
    with pytest.raises(breachdex.IndexNotSignedError):
        examined(BREACHDEX_INDEX=plain)
    with pytest.raises(
        breachdex.ConfigurationError, match="BREACHDEX_TRUSTED_KEYS in the app's config cannot be used"
    ):
        examined(BREACHDEX_INDEX=signed, BREACHDEX_TRUSTED_KEYS=[])
    with pytest.raises(
        breachdex.ConfigurationError, match="BREACHDEX_MAX_AGE in the app's config must be a whole"
    ):
        examined(BREACHDEX_INDEX=signed, BREACHDEX_MAX_AGE=0)

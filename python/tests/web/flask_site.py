"""A small Flask-Security site on SQLite in memory, and what the tests do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from breachdex.flask_security import ExposedLoginForm, ExposedPasswordUtil
from flask import Flask
from flask.testing import FlaskClient
from flask_mail import Mail, Message
from flask_security import Security, SQLAlchemySessionUserDatastore, auth_required, hash_password
from flask_security.models import sqla
from sqlalchemy import String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

GOOD = "Nachtzug nach Lissabon 41"
EXPOSED = "correct horse battery staple"


class Base(DeclarativeBase):
    pass


sqla.FsModels.set_db_info(base_model=Base)  # type: ignore[no-untyped-call]


class Role(Base, sqla.FsRoleMixin):
    __tablename__ = "role"


class User(Base, sqla.FsUserMixin):
    __tablename__ = "user"

    password_mark: Mapped[str] = mapped_column(String(56), default="")


class Site:
    """The app, its mails and its database.

    :param config: settings on top of the test's own.
    :param security: what is passed to ``Security`` besides breachdex's classes, or instead of them.
    """

    def __init__(self, config: dict[str, Any], **security: Any) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        self.session = scoped_session(sessionmaker(self.engine))
        self.app = Flask(__name__)
        self.app.config.update(
            SECRET_KEY="x" * 32,
            SECURITY_PASSWORD_SALT="146585145368132386173505678016728509634",
            SECURITY_PASSWORD_HASH="argon2",
            SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={"argon2__time_cost": 1, "argon2__memory_cost": 64},
            WTF_CSRF_ENABLED=False,
            MAIL_SUPPRESS_SEND=True,
            SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
            SECURITY_REGISTERABLE=True,
            SECURITY_CHANGEABLE=True,
            SECURITY_RECOVERABLE=True,
            SECURITY_SEND_REGISTER_EMAIL=False,
            SECURITY_EMAIL_SENDER="site@example.com",
            SECURITY_API_ENABLED_METHODS=["session", "token"],
        )
        self.app.config.update(config)
        self.mail = Mail(self.app)
        self.datastore = SQLAlchemySessionUserDatastore(self.session, User, Role)
        self.security = Security(
            self.app,
            self.datastore,
            **{"password_util_cls": ExposedPasswordUtil, "login_form": ExposedLoginForm, **security},
        )
        self.app.teardown_appcontext(lambda _: self.session.remove())
        Base.metadata.create_all(self.engine)
        self.app.add_url_rule("/private", "private", auth_required("session", "token")(lambda: "inside"))

    def add(self, email: str = "ann@example.com", password: str = EXPOSED, **fields: Any) -> None:
        """An account whose password was chosen before anybody checked."""
        with self.app.app_context():
            stored = self.security.password_util.normalize(password)
            self.datastore.create_user(email=email, password=hash_password(stored), **fields)
            self.datastore.commit()  # type: ignore[no-untyped-call]

    def set_password(self, password: str, email: str = "ann@example.com") -> None:
        """The same for an account that exists."""
        with self.app.app_context():
            self.user(email).password = hash_password(password)
            self.datastore.commit()  # type: ignore[no-untyped-call]

    def user(self, email: str = "ann@example.com") -> Any:
        return self.datastore.find_user(email=email)

    def log_in(self, password: str = EXPOSED, email: str = "ann@example.com", **more: Any) -> Any:
        """The browser that tries, and what it got as JSON."""
        browser = self.app.test_client()
        return browser, browser.post("/login", json={"email": email, "password": password, **more})

    @contextmanager
    def mails(self) -> Iterator[list[Message]]:
        # No app context here: requests would share its g, and with it who is logged in.
        with self.mail.record_messages() as outbox:
            yield outbox

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What is asked of the database."""
        seen: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)

        event.listen(self.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(self.engine, "before_cursor_execute", note)


def inside(browser: FlaskClient) -> bool:
    """Whether this browser is logged in."""
    answer = browser.get("/private", headers={"Accept": "application/json"})
    assert answer.status_code in (200, 401)
    return bool(answer.status_code == 200)


def errors(answer: Any) -> dict[str, list[str]]:
    """The errors of an answer by field."""
    assert answer.status_code == 400, answer.text
    found: dict[str, list[str]] = answer.json["response"]["field_errors"]
    return found


def link(message: Message) -> str:
    """The path in a mail."""
    found = re.search(r"http://localhost(/\S+)", message.body or "")
    assert found
    return found[1]

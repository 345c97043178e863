"""A small fastapi-users site on SQLite in memory, and what the tests do with it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from breachdex.fastapi_users import ExposedPasswordMixin, PasswordBoundJWTStrategy
from fastapi import FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.password import PasswordHelper
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import String, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import StaticPool

GOOD = "Nachtzug nach Lissabon 41"
EXPOSED = "correct horse battery staple"
SECRET = "x" * 32


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    password_mark: Mapped[str] = mapped_column(String(56), default="")


class UserRead(schemas.BaseUser[uuid.UUID]):
    pass


class UserCreate(schemas.BaseUserCreate):
    pass


class UserUpdate(schemas.BaseUserUpdate):
    pass


class Plain(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    """A manager without breachdex. It counts what was mailed."""

    reset_password_token_secret = SECRET
    verification_token_secret = SECRET
    mailed: list[tuple[str, str]]

    async def on_after_forgot_password(self, user: User, token: str, request: Any = None) -> None:
        self.mailed.append((user.email, token))


def manager(**settings: Any) -> type[Plain]:
    """A manager with breachdex, whose sessions end by themselves."""

    async def end_sessions(self: object, user: object) -> None:
        pass

    return type("Manager", (ExposedPasswordMixin, Plain), {"end_sessions": end_sessions, **settings})


class Site:
    """The app, its mails and its database."""

    def __init__(self, kind: type[Plain], strategy: type[JWTStrategy[User, uuid.UUID]]) -> None:
        self.engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
        self.session = async_sessionmaker(self.engine, expire_on_commit=False)
        self.kind = kind
        self.strategy = strategy(secret=SECRET, lifetime_seconds=3600)
        self.mailed: list[tuple[str, str]] = []
        self.statements: list[str] = []
        event.listen(
            self.engine.sync_engine,
            "before_cursor_execute",
            lambda connection, cursor, statement, *rest: self.statements.append(statement),
        )
        backend = AuthenticationBackend("jwt", BearerTransport("jwt/login"), lambda: self.strategy)
        users = FastAPIUsers[User, uuid.UUID](self.managers, [backend])
        self.app = FastAPI()
        self.app.include_router(users.get_auth_router(backend), prefix="/jwt")
        self.app.include_router(users.get_register_router(UserRead, UserCreate))
        self.app.include_router(users.get_reset_password_router())
        self.app.include_router(users.get_users_router(UserRead, UserUpdate), prefix="/users")
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url="http://test"
        )

    def make(self, session: AsyncSession) -> Plain:
        cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
        made = self.kind(SQLAlchemyUserDatabase(session, User), PasswordHelper(cheap))
        made.mailed = self.mailed
        return made

    async def managers(self) -> AsyncIterator[Plain]:
        async with self.session() as session:
            yield self.make(session)

    async def add(self, password: str = EXPOSED, email: str = "ann@example.com", **fields: Any) -> None:
        """An account whose password was chosen before anybody checked."""
        async with self.session() as session:
            made = self.make(session)
            hashed = made.password_helper.hash(password)
            await made.user_db.create(
                {"email": email, "hashed_password": hashed, "is_verified": True, **fields}
            )

    async def set_password(self, password: str, email: str = "ann@example.com") -> None:
        """The same for an account that exists."""
        async with self.session() as session:
            made = self.make(session)
            user = await made.get_by_email(email)
            await made.user_db.update(user, {"hashed_password": made.password_helper.hash(password)})

    async def log_in(self, password: str = EXPOSED, email: str = "ann@example.com") -> httpx.Response:
        return await self.client.post("/jwt/login", data={"username": email, "password": password})

    async def inside(self, token: str) -> bool:
        """Whether a token opens the account."""
        answer = await self.client.get("/users/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (200, 401)
        return answer.status_code == 200


@asynccontextmanager
async def site(
    kind: type[Plain], strategy: type[JWTStrategy[User, uuid.UUID]] = PasswordBoundJWTStrategy
) -> AsyncIterator[Site]:
    made = Site(kind, strategy)
    async with made.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    made.statements.clear()
    yield made
    await made.client.aclose()
    await made.engine.dispose()

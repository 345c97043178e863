"""Flask-AppBuilder's own security manager with what :mod:`breachdex.flask_appbuilder` adds to it."""

from __future__ import annotations

from flask_appbuilder.security.sqla.manager import SecurityManager  # type: ignore[import-not-found, unused-ignore]

from breachdex.flask_appbuilder import ExposedSecurityManagerMixin


class ExposedSecurityManager(ExposedSecurityManagerMixin, SecurityManager):  # type: ignore[misc, unused-ignore]
    """Flask-AppBuilder's own security manager with
    :class:`~breachdex.flask_appbuilder.ExposedSecurityManagerMixin`."""

"""Of the page on Flask-AppBuilder; the index is named by the environment."""

import os

import breachdex
from breachdex.flask_appbuilder import ExposedSecurityManagerMixin, safe_password
from superset.security import SupersetSecurityManager

breachdex.configure(index=os.environ["EXPOSED_INDEX"], policy={"profile": "nist", "mfa": True})


class SecurityManager(ExposedSecurityManagerMixin, SupersetSecurityManager):
    pass


CUSTOM_SECURITY_MANAGER = SecurityManager
FAB_PASSWORD_COMPLEXITY_ENABLED = True
FAB_PASSWORD_COMPLEXITY_VALIDATOR = safe_password

# What the tests need.
SECRET_KEY = "of the tests, and long enough for a signature of HS256"
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"
FAB_ADD_SECURITY_API = True
RATELIMIT_ENABLED = False
TALISMAN_ENABLED = False
WTF_CSRF_ENABLED = False

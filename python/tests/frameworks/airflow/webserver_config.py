"""Of the page on Flask-AppBuilder; the index is named by the environment."""

import os

import breachdex
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from breachdex.flask_appbuilder import ExposedSecurityManagerMixin, safe_password
from flask_appbuilder.const import AUTH_DB

breachdex.configure(index=os.environ["EXPOSED_INDEX"], policy={"profile": "nist", "mfa": True})


class SecurityManager(ExposedSecurityManagerMixin, FabAirflowSecurityManagerOverride):
    pass


SECURITY_MANAGER_CLASS = SecurityManager
AUTH_TYPE = AUTH_DB
FAB_PASSWORD_COMPLEXITY_ENABLED = True
FAB_PASSWORD_COMPLEXITY_VALIDATOR = safe_password
# The tests post forms without looking at them first.
WTF_CSRF_ENABLED = False

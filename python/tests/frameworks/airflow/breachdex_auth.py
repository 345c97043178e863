"""Of the page on Flask-AppBuilder."""

from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from breachdex.flask_appbuilder import AirflowTokensMixin


class AuthManager(AirflowTokensMixin, FabAuthManager):
    pass

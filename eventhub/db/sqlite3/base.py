"""Django's SQLite backend with the function that a search folds texts with."""

from typing import Any

from django.db.backends.sqlite3 import base

from eventhub.db.text_search import FOLD, fold


class FoldingDatabase(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.create_function(FOLD, 1, fold, deterministic=True)
        return connection


DatabaseWrapper = FoldingDatabase  # the name that Django loads

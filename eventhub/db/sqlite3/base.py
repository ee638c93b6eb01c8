"""Django's SQLite backend with the function that a search folds texts with."""

from typing import Any

from django.db.backends.sqlite3 import base, features

from eventhub.db.text_search import FOLD, fold


class JsonFeatures(features.DatabaseFeatures):
    # Django asks the database once, and takes "locked" for "no". We need an SQLite that has JSON in any case.
    supports_json_field = True


class FoldingDatabase(base.DatabaseWrapper):
    features_class = JsonFeatures

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.create_function(FOLD, 1, fold, deterministic=True)
        return connection


DatabaseWrapper = FoldingDatabase  # the name that Django loads

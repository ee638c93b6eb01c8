"""Django's PostgreSQL backend, with a faster reader of times and with cursors whose statements are planned once."""

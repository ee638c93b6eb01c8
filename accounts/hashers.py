from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """OWASP's second Argon2id profile; Django's takes five times the memory and stalls a server."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with OWASP's second profile, 19 MiB and two passes (Password Storage Cheat Sheet).

    Django's parameters take 100 MiB and ten times as long, so that a few logins would stall a server.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

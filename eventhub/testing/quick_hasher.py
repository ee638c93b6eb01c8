from accounts.hashers import Argon2


class QuickArgon2(Argon2):
    """The service's own hasher, which is slow on purpose, at argon2's least cost."""

    time_cost = 1
    memory_cost = 8

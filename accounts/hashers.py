import unicodedata

from django.contrib.auth.hashers import Argon2PasswordHasher


def normalized(password: str) -> str:
    """Return a password in NFKC, however its letters were composed (NIST SP 800-63B, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


class Argon2(Argon2PasswordHasher):
    """OWASP's second Argon2id profile; Django's takes five times the memory and stalls a server."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        if password != normalized(password):
            super().encode(password, salt)  # Django encodes for an unknown name: takes the time of `verify`
        return super().encode(normalized(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Also accept the password as typed: older hashes were made from it."""
        if password == normalized(password):
            return super().verify(password, encoded)
        matches = [super(Argon2, self).verify(each, encoded) for each in (password, normalized(password))]
        return any(matches)

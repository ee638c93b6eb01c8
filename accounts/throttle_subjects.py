"""How the throttle on credentials names an account that a request tries. The API and the forms share these keys."""


def by_name(username: str | None) -> str | None:
    """Usernames are compared without regard to case."""
    return username and f"name {username.lower()}"


def by_id(user_id: object) -> str | None:
    return None if user_id is None else f"id {user_id}"


def by_email(address: str | None) -> str | None:
    """`address` is normalized."""
    return address and f"email {address}"

"""Keys of the credential throttle for accounts, shared by API and forms."""


def by_name(username: str | None) -> str | None:
    return username and f"name {username.lower()}"


def by_id(user_id: object) -> str | None:
    return None if user_id is None else f"id {user_id}"


def by_email(address: str | None) -> str | None:
    return address and f"email {address}"

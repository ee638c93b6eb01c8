import pytest


@pytest.fixture
def write(tmp_path):
    """Makes a file: of text, or of bytes as they are."""

    def write(content, name="events.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write

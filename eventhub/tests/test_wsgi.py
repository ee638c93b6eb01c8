"""What eventhub.wsgi hands to the server."""

import pytest
from django.test import RequestFactory

from eventhub.wsgi import Application


def answered(verb, path):
    heads = []
    body = Application()(
        RequestFactory().generic(verb, path, HTTP_HOST="testserver").environ, lambda *head: heads.append(head)
    )
    content = b"".join(body)
    body.close()
    status, headers = heads[0]
    changing = {"Date", "Expires", "X-Request-ID", "Set-Cookie", "Content-Security-Policy"}
    return status, {name: value for name, value in headers if name not in changing}, content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nope", "/events/", "/healthz", "/schema/", "/admin/login/"])
def test_head_is_get_without_its_body(path):
    """gunicorn warns of a body, and drops it."""
    status, headers, content = answered("GET", path)
    assert (status[:3] in {"200", "401", "404"}, len(content) > 0) == (True, True)
    assert answered("HEAD", path) == (status, headers, b"")

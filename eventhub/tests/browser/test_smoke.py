def test_signing_in(sign_in, olga):
    page = sign_in(olga)
    assert "EventHub" in page.title()

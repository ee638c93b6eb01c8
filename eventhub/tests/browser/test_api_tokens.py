"""A service token of one's own, made and revoked as a person does it."""

from eventhub.testing.contract_client import ContractClient
from eventhub.tests.browser.accessibility import press, violations


def test_a_token_is_made_shown_once_and_revoked(sign_in, olga, live_server):
    page = sign_in(olga)
    page.goto(f"{live_server.url}/admin/tokens/")
    page.get_by_role("textbox", name="Name").fill("Website")
    page.get_by_label("See events (events:read)").check()
    press(page, "Create token")
    assert violations(page) == []
    secret = page.locator(".office-secret").inner_text().strip()
    assert ContractClient(secret).get("/events/").status_code == 200
    page.get_by_role("link", name="I have copied it").click()
    page.wait_for_url(f"{live_server.url}/admin/tokens/")
    assert (page.get_by_role("rowheader", name="Website").count(), secret in page.content()) == (1, False)
    press(page, "Revoke Website")
    assert page.get_by_text("The token “Website” was revoked.").count() == 1
    assert ContractClient(secret).get("/events/").json()["code"] == "token_not_valid"

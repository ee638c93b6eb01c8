"""axe-core in the browser tests, and the sizes of screens."""

from axe_playwright_python.sync_playwright import Axe

RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
}
# Stock widgets, excepted. select2, which Django's autocomplete is, puts its label on an element that axe-core does not
# take for one.
EXCEPTED = [[".select2-selection"]]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 800}


def violations(page):
    """Return what axe-core finds on a page: one line for each rule and element."""
    found = Axe().run(page, context={"exclude": EXCEPTED}, options=RULES).response["violations"]
    return [f"{rule['id']}: {' '.join(node['target'])}" for rule in found for node in rule["nodes"]]


def press(page, button, **how):
    """Press a button and wait for the next page, because axe-core checks whatever is there."""
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name=button, **how).click()

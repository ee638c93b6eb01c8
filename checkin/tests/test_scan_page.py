"""The page that scans tickets: what it answers, and what it brings along."""

import hashlib
import json
import re
import shutil

import pytest
from django.contrib.staticfiles import finders

from checkin.views import scan_page
from checkin.views.scan_page import FOLDER
from eventhub.admin.theme import PRIMARY
from eventhub.testing.dependency_audit import LIST

pytestmark = [pytest.mark.once, pytest.mark.django_db]

LONGEST_FILE = 400


def test_the_page_is_the_same_for_everybody_and_for_no_search_engine(client, office, olga):
    page = client.get("/scan/")
    assert (page.status_code, page.text) == (200, office(olga).get("/scan/").text)
    assert {name: page.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")} == {
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }
    assert "Set-Cookie" not in page.headers
    assert re.findall("https?:", page.text) == []
    assert client.post("/scan/").status_code == 405


def test_the_camera_is_for_this_page_alone(client):
    allowed = {
        path: "camera=(self)" in client.get(path).headers["Permissions-Policy"] for path in ("/scan/", "/", "/t/x")
    }
    assert allowed == {"/scan/": True, "/": False, "/t/x": False}


def test_the_other_spelling_leads_to_the_page(client):
    answer = client.get("/scan")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/scan/")


@pytest.mark.parametrize("name", ["page.js", "scan.css", "..", "nope.js", "%00"])
def test_only_workers_come_from_the_folder_of_the_page(client, name):
    assert client.get(f"/scan/{name}").status_code == 404
    script = client.get("/scan/decoder-worker.js")
    assert (script.status_code, script.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "script-src 'self';" in script.headers["Content-Security-Policy"]


def _shell(client):
    worker = client.get("/scan/worker.js")
    assert (worker.status_code, worker.headers["Cache-Control"]) == (200, "no-cache")
    assert worker.headers["Content-Type"] == "text/javascript; charset=utf-8"
    return json.loads(re.match(r"const SHELL = (.*);\n", worker.text)[1])


def test_the_worker_keeps_all_that_the_page_needs(client):
    shell = _shell(client)
    used = {file.name for file in FOLDER.iterdir() if file.suffix in {".js", ".css"}} - {"worker.js"}
    kept = {path.rpartition("/")[2] for path in shell["files"]}
    assert kept == {*used, "", "manifest.webmanifest", "favicon.svg"}
    assert {client.get(path).status_code for path in shell["files"] if path.startswith("/scan/")} == {200}
    others = [path for path in shell["files"] if not path.startswith("/scan/")]
    assert [path for path in others if finders.find(path.removeprefix("/static/")) is None] == []
    manifest = client.get("/scan/manifest.webmanifest")
    assert (manifest.headers["Content-Type"], manifest.json()["scope"]) == ("application/manifest+json", "/scan/")


def test_a_changed_file_makes_another_version(client, monkeypatch, tmp_path):
    shutil.copytree(FOLDER, tmp_path / "scan")
    monkeypatch.setattr(scan_page, "FOLDER", tmp_path / "scan")
    before = _shell(client)
    assert before == _shell(client)
    (tmp_path / "scan" / "scan.css").write_text("")
    assert _shell(client)["version"] != before["version"]


def test_the_decoder_is_the_one_that_the_list_of_licences_names():
    (file,) = FOLDER.glob("jsqr*.js")
    assert f"`{hashlib.sha256(file.read_bytes()).hexdigest()}`" in LIST.read_text()
    assert f"`checkin/static/checkin/scan/{file.name}`" in LIST.read_text()
    assert "Apache License" in file.with_suffix(".LICENSE").read_text()


def test_the_scripts_are_small_and_name_no_other_host():
    scripts = {file.name: file.read_text() for file in FOLDER.glob("*.js") if not file.name.startswith("jsqr")}
    assert {name for name, text in scripts.items() if len(text.splitlines()) > LONGEST_FILE} == set()
    assert {name for name, text in scripts.items() if re.search("https?://|innerHTML|eval\\(", text)} == set()


def test_the_page_has_the_colours_of_the_back_office():
    used = {
        re.sub(r"(?<!\d)0(?=\.)", "", colour)
        for colour in re.findall(r"oklch\(.*?\)", (FOLDER / "scan.css").read_text())
    }
    assert {PRIMARY["500"], PRIMARY["600"]} <= used

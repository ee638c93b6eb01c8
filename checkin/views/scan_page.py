"""The page that scans tickets on a phone, and the scripts that run beside it.

The page is the same for everybody and holds no secret. Whoever has the link of a gate has its token in the fragment,
which browsers do not send.
"""

import hashlib
import json
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.templatetags.static import static

from eventhub.admin.theme import bare_context
from eventhub.http import error_views

HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
FOLDER = Path(__file__).parent.parent / "static" / "checkin" / "scan"
# Workers, which have the policy and the folder of the address that they come from.
SCRIPTS = {"decoder-worker.js"}
WORKER = "worker.js"
MANIFEST = "manifest.webmanifest"


def scan_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_page(), headers=HEADERS)


def scan_address(request: HttpRequest) -> HttpResponse:
    """Redirect to the spelling with a slash, which a service worker needs; browsers keep the fragment."""
    return HttpResponseRedirect("/scan/", headers=HEADERS)


def scan_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker, with the list of the files that it keeps.

    Browsers install it anew when a byte of it changes, hence the digest of all files.
    """
    page, scripts = _page(), sorted(file for file in FOLDER.iterdir() if file.suffix in {".js", ".css"})
    digest = hashlib.sha256(b"".join([page.encode(), *(file.read_bytes() for file in scripts)]))
    files = [
        *("/scan/", *(f"/scan/{name}" for name in (*SCRIPTS, MANIFEST))),
        *(static(f"checkin/scan/{file.name}") for file in scripts if file.name not in {*SCRIPTS, WORKER}),
        *(icon["href"] for icon in bare_context()["site_favicons"]),
    ]
    shell = json.dumps({"version": digest.hexdigest()[:16], "files": files})
    text = f"const SHELL = {shell};\n{(FOLDER / WORKER).read_text()}"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8", headers=HEADERS)


def scan_manifest(request: HttpRequest) -> HttpResponse:
    """Return what a phone needs to put the page on its home screen."""
    context = bare_context()
    icons = [{"src": icon["href"], "type": icon["type"], "sizes": "any"} for icon in context["site_favicons"]]
    manifest = {
        "name": f"Scan | {context['site_title']}",
        "short_name": "Scan",
        "start_url": "/scan/",
        "scope": "/scan/",
        "display": "standalone",
        "icons": icons,
    }
    return HttpResponse(json.dumps(manifest), content_type="application/manifest+json", headers=HEADERS)


def scan_script(request: HttpRequest, name: str) -> HttpResponse:
    if name not in SCRIPTS:
        return error_views.not_found(request)
    return HttpResponse((FOLDER / name).read_bytes(), content_type="text/javascript; charset=utf-8", headers=HEADERS)


def _page() -> str:
    return render_to_string("checkin/scan.html", bare_context())

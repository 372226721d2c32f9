"""The portal as an app: what a phone reads to put it on its screen, and the page for where there is no network."""

import hashlib
import json
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for
from flask_babel import gettext as _

from app.web.look.assets import asset, bootstrap_asset

bp = Blueprint("installing", __name__, url_prefix="/portal")

_KEPT = ("tokens.css", "kontor.css", "frame.css", "mark.svg", "combobox.js", "claims.js", "kept.js")


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    answer = jsonify(
        id="/",
        name="Kontor",
        short_name="Kontor",
        description=_("Points, documents and cards of a distributor"),
        start_url="/",
        scope="/",
        display="standalone",
        background_color="#f3f5f8",
        theme_color="#0e1a2c",
        icons=[
            {"src": asset("install/192.png"), "sizes": "192x192", "type": "image/png"},
            {
                "src": asset("install/maskable-192.png"),
                "sizes": "192x192",
                "type": "image/png",
                "purpose": "maskable",
            },
            {"src": asset("mark.svg"), "sizes": "any", "type": "image/svg+xml"},
        ],
    )
    answer.mimetype = "application/manifest+json"
    return answer


@bp.get("/worker.js")
def worker() -> Response:
    kept = [bootstrap_asset("css/bootstrap.min.css"), *(asset(name) for name in _KEPT)]
    offline = url_for("installing.offline")
    version = hashlib.sha256(json.dumps([offline, kept]).encode()).hexdigest()[:12]
    names = {"VERSION": version, "OFFLINE": offline, "KEPT": kept}
    told = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in names.items())
    script = Path(current_app.static_folder or "", "worker.js").read_text(encoding="utf-8")
    return Response(told + script, mimetype="text/javascript")


@bp.get("/offline")
def offline() -> str:
    return render_template("portal/offline.html")

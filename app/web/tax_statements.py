"""The statement of a participant's year of taxes as PDF: the same for whoever runs the programme and in the portal."""

import io

from flask import request, send_file
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.exports.paper import drawn
from app.extensions import db
from app.services import audit
from app.web.addresses import whole_number
from app.web.context import now, person, scope, today
from prepaid.taxing import papers, statements

_PDF = "application/pdf"


def year_asked() -> int:
    """Give the year that the address asks for; this one, where it asks for none that there can be."""
    asked = whole_number(request.args.get("year")) or 0
    return asked if 1970 <= asked <= 9998 else today().year


def send_statement(distributor_id: int, language: str) -> Response | None:
    """Send a statement and write down who took it; None where there is nothing to say of the year."""
    program, chosen = scope().program, year_asked()
    with transaction(db.session) as reading:
        found = statements.statement(reading, program, chosen, distributor_id)
        if found is None:
            return None
        content, name = drawn(papers.paper(program, found, language)), papers.file_name(program, found)
        audit.note(
            reading,
            person().login,
            "tax.statement",
            found.code,
            now=now(),
            program_id=program.id,
            after={"year": chosen},
        )
    return send_file(io.BytesIO(content), mimetype=_PDF, as_attachment=True, download_name=name)

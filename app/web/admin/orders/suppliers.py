"""Suppliers: what waits to be ordered, the files that ask for it, and how far each is."""

import io
from typing import Any

from flask import Blueprint, abort, flash, redirect, send_file, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response
from wtforms import HiddenField
from wtforms.validators import Length

from app.db.transaction import transaction
from app.domain.states import OrderState, SupplierFileState
from app.exports import supplier_orders
from app.extensions import db
from app.models.orders import OrderLine, SupplierFile
from app.services import audit
from app.web import formats
from app.web.context import now, person, scope, session
from app.web.forms.form import Form
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Kind, Listing, OneOf, To
from app.web.words.wording import SUPPLIER_FILE

bp = Blueprint("suppliers", __name__)

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPEN = (
    select(func.count())
    .where(OrderLine.supplier_file_id == SupplierFile.id, OrderLine.state == OrderState.ORDERED)
    .correlate(SupplierFile)
    .scalar_subquery()
)
_QUERY: Select[Any] = select().select_from(SupplierFile).where(SupplierFile.program_id == HERE)

FILES = Listing(
    name="supplier_files",
    title=_("Files for suppliers"),
    columns=(
        Column(
            "number",
            _("File"),
            SupplierFile.id,
            Kind.CODE,
            link=To("suppliers.file", asks=True, supplier_file_id="row_id"),
        ),
        # nothing is said in words of what is none
        Column(
            "supplier",
            _("Supplier"),
            func.coalesce(SupplierFile.supplier, ""),
            words=lambda name: name or _("The sponsor itself"),
        ),
        Column("made_at", _("Written"), SupplierFile.made_at, Kind.INSTANT, SupplierFile.made_at),
        Column("made_by", _("By"), SupplierFile.made_by, Kind.PERSON, phone=False),
        Column("lines", _("Lines"), SupplierFile.lines, Kind.NUMBER),
        Column("open", _("Not sent yet"), _OPEN, Kind.NUMBER),
        Column("sent_at", _("Sent"), SupplierFile.sent_at, Kind.INSTANT, phone=False),
        Column("state", _("State"), SupplierFile.state, badge=lambda state: SUPPLIER_FILE[state]),
    ),
    query=_QUERY,
    id=SupplierFile.id,
    default="-made_at",
    filters=(OneOf.named("state", _("State"), SupplierFile.state, SUPPLIER_FILE),),
)


class SupplierForm(Form):
    """Whose lines; nothing said: the sponsor's own."""

    supplier = HiddenField(validators=[Length(max=64)])


@bp.get("/programs/<code:program_code>/suppliers")
def index(program_code: str) -> str | Response:
    program = scope().program
    unsent = select(SupplierFile.id, SupplierFile.supplier).where(
        SupplierFile.program_id == program.id, SupplierFile.state == SupplierFileState.WRITTEN
    )
    return answer(
        FILES,
        "admin/orders/suppliers.html",
        waiting=supplier_orders.waiting(session(), program.id),
        unsent=session().execute(unsent.order_by(SupplierFile.id)).all(),
    )


@bp.post("/programs/<code:program_code>/suppliers/write")
def write(program_code: str) -> Response:
    """Write the file of a supplier: its lines are ordered by that."""
    form = SupplierForm()
    if not form.validate():
        abort(400)
    try:
        with transaction(db.session) as writing:
            made = supplier_orders.write(
                writing, scope().program, form.supplier.data or None, actor=person().login, now=now()
            )
            lines = made.lines
    except supplier_orders.NothingToOrder:
        flash(gettext("Somebody was quicker: nothing waits for this supplier."), "warning")
    else:
        flash(
            ngettext(
                "The file is written, with %(num)s line. Download it and send it on.",
                "The file is written, with %(num)s lines. Download it and send it on.",
                lines,
            ),
            "success",
        )
    return redirect(url_for("suppliers.index", program_code=program_code), 303)


@bp.get("/programs/<code:program_code>/suppliers/<id:supplier_file_id>/file")
def file(program_code: str, supplier_file_id: int) -> Response:
    with transaction(db.session) as writing:
        found = writing.get_one(SupplierFile, supplier_file_id)
        after = {"file": found.id, "lines": found.lines}
        audit.note(
            writing,
            person().login,
            "supplier.take",
            found.supplier or "",
            now=now(),
            program_id=scope().program.id,
            after=after,
        )
        content, stem = found.content, formats.file_stem(found.supplier or scope().program.code)
    name = f"order-{stem}-{supplier_file_id}.xlsx"
    return send_file(io.BytesIO(content), mimetype=_WORKBOOK, as_attachment=True, download_name=name, max_age=0)


@bp.post("/programs/<code:program_code>/suppliers/<id:supplier_file_id>/sent")
def sent(program_code: str, supplier_file_id: int) -> Response:
    with transaction(db.session) as writing:
        went = supplier_orders.mark_sent(writing, scope().program, supplier_file_id, actor=person().login, now=now())
    flash(gettext("Noted: it went to the supplier.") if went else gettext("It had gone before."), "success")
    return redirect(url_for("suppliers.index", program_code=program_code), 303)

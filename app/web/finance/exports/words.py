"""Exports in words: what they are of, how far they have come, when plans are made and where they go."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_babel import lazy_gettext as _

from app.domain.states import ExportForm, ExportRhythm, ExportSpan, ExportState, ExportSubject, ExportWay
from app.exports.histories.asking import WishRefused
from app.exports.histories.catalogue import HISTORIES
from app.models.exports import ExportPlan
from app.web.lists.describing import Badge

# their texts are marked where the histories are described
SUBJECT: Mapping[ExportSubject, Any] = {subject: lazy_gettext(one.title) for subject, one in HISTORIES.items()}
FORM: Mapping[ExportForm, Any] = {
    ExportForm.XLSX: _("Excel workbook"),
    ExportForm.CSV: _("CSV file"),
    ExportForm.PDF: _("PDF, for short ones"),
}
STATE: Mapping[ExportState, Badge] = {
    ExportState.ASKED: Badge(_("Under way"), "busy"),
    ExportState.MADE: Badge(_("Made"), "good"),
    ExportState.FAILED: Badge(_("Not made"), "bad"),
}
SPAN: Mapping[ExportSpan, Any] = {
    ExportSpan.DAY: _("The day before"),
    ExportSpan.WEEK: _("The last whole week"),
    ExportSpan.MONTH: _("The last whole month"),
    ExportSpan.QUARTER: _("The last whole quarter"),
    ExportSpan.MONTH_SO_FAR: _("The month so far"),
    ExportSpan.YEAR_SO_FAR: _("The year so far"),
}
RHYTHM: Mapping[ExportRhythm, Any] = {
    ExportRhythm.NEVER: _("Only when it is asked for"),
    ExportRhythm.DAILY: _("Every day"),
    ExportRhythm.WEEKLY: _("Every week"),
    ExportRhythm.MONTHLY: _("Every month"),
}
WAY: Mapping[ExportWay, Any] = {
    ExportWay.NONE: _("Nowhere else: it stands here"),
    ExportWay.FOLDER: _("Into a folder of the installation"),
    ExportWay.MAIL: _("By e-mail"),
}
WEEKDAYS = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)


def when(plan: ExportPlan) -> str:
    """Say when a plan is made."""
    if plan.rhythm is ExportRhythm.WEEKLY:
        return gettext("Every week on %(day)s", day=WEEKDAYS[plan.day - 1])
    if plan.rhythm is ExportRhythm.MONTHLY:
        return gettext("Every month on day %(day)s", day=plan.day)
    return str(RHYTHM[plan.rhythm])


def refusal(error: WishRefused) -> str:
    """Say what an export asks for that is not there."""
    return gettext("“%(found)s” is not known.", found=error.found)

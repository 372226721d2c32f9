"""Files on their way in: brought, told how to read, checked, imported."""

import itertools
import re
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.roles import Permission
from app.domain.saying.reasons import sentence
from app.domain.states import BatchStatus, DraftState
from app.extensions import db
from app.jobs import messenger
from app.models.drafts import ImportDraft
from app.models.imports import ImportBatch
from app.services.rulebooks import rules_of
from app.services.setup import import_profiles
from app.services.setup.program_files import ProgramFileInvalid
from app.web.access.guarding import permitted
from app.web.addresses import id_asked, text_asked
from app.web.admin.imports.forms import BringForm, Columns, LookForm
from app.web.admin.imports.imports import live
from app.web.context import kontor, now, person, scope, session, settings
from app.web.formats import figure, shown
from app.web.forms.uploads import MOST_FILES, most_bytes
from app.web.lists import paging
from app.web.words import imports as import_words
from importers import drafts
from importers.batches import trying
from importers.batches.store import BatchFiles
from importers.drafts import Waiting
from importers.errors import ImportRefused
from importers.layout.looks.looking import Seen
from importers.layout.tables.table import Stretch, place_of, stretches_of
from importers.problems.repairs import to_repair

bp = Blueprint("import_drafts", __name__)

_NO_NAME = re.compile(r"[^\w]+")


@bp.get("/programs/<code:program_code>/imports/new")
def index(program_code: str) -> str:
    return _index(_bring_form(sent=False))


def _index(form: BringForm) -> str:
    before = id_asked("before")
    found = drafts.waiting(session(), scope().program.id, paging.ROWS + 1, now(), before=before)
    return render_template(
        "admin/imports/import_new.html",
        form=form,
        page=paging.page(found, first=before is None),
        largest_mb=settings().max_upload_mb,
        together_mb=most_bytes(settings()) >> 20,
        words=import_words,
    )


def _bring_form(*, sent: bool) -> BringForm:
    form = BringForm() if sent else BringForm(formdata=None, data={"kind": text_asked("kind")})
    form.offer(sorted(scope().program.import_profiles))
    return form


@bp.post("/programs/<code:program_code>/imports/new")
def take(program_code: str) -> Response | tuple[str, int]:
    form = _bring_form(sent=True)
    if not form.validate():
        return _index(form), 400
    files = [one for one in form.files.data or () if one and one.filename]
    if not files:
        form.refuse("files", gettext("Choose a file."))
    elif len(files) > MOST_FILES:
        form.refuse("files", gettext("Choose at most %(count)s files at once.", count=MOST_FILES))
    if form.problems():
        return _index(form), 400
    taken = [_take(one, form.kind.data or None, form.source.data or None) for one in files]
    _wake(len(taken))
    if len(taken) == 1:
        return redirect(url_for("import_drafts.show", program_code=program_code, draft_id=taken[0]), 303)
    return _to_list(program_code)


def _take(sent: Any, kind: str | None, profile_name: str | None) -> int:
    with tempfile.TemporaryDirectory(prefix="kontor-import-") as folder:
        path = Path(folder, "file")
        sent.save(path)
        with transaction(db.session) as writing:
            draft = drafts.take(
                writing,
                settings(),
                scope().program,
                path,
                file_name=str(sent.filename),
                kind=None if profile_name else kind,
                profile_name=profile_name,
                actor=person().login,
                now=now(),
            )
            return draft.id


@bp.get("/programs/<code:program_code>/imports/drafts/<id:draft_id>")
def show(program_code: str, draft_id: int) -> str:
    one = _waiting(draft_id)
    draft = one.draft
    if draft.state is DraftState.LOOKING or draft.state is DraftState.REFUSED:
        return _page("admin/imports/draft.html", one)
    if draft.state is DraftState.ASKING or "change" in request.args:
        return _columns_page(one, _columns(draft, sent=False))
    if one.check is not None:
        return _check_page(one)
    return _page("admin/imports/draft.html", one, kept=_kept(draft))


@bp.get("/programs/<code:program_code>/imports/drafts/<id:draft_id>/progress")
def progress(program_code: str, draft_id: int) -> Response:
    one = _waiting(draft_id)
    if one.draft.state is DraftState.LOOKING:
        return jsonify({"ended": False, "stage": "looking", "share_bp": 0, "texts": {}})
    if one.check is None:
        return jsonify({"ended": True, "stage": "looked", "share_bp": 10_000, "texts": {}})
    return jsonify(live(one.check))


@bp.post("/programs/<code:program_code>/imports/drafts/<id:draft_id>/look")
def look(program_code: str, draft_id: int) -> Response | tuple[str, int]:
    one = _waiting(draft_id)
    said = _columns(one.draft, sent=False)
    form = _look_form(said.seen, one.draft.kind, sent=True)
    if not form.validate():
        return _columns_page(one, said, form), 400
    with transaction(db.session) as writing:
        drafts.look_again(writing, _held(draft_id), str(form.kind.data), form.said(said.seen))
    _wake(1)
    return _to(program_code, draft_id)


@bp.post("/programs/<code:program_code>/imports/drafts/<id:draft_id>/columns")
def columns(program_code: str, draft_id: int) -> Response | tuple[str, int]:
    one = _waiting(draft_id)
    if one.draft.seen is None:
        return _to(program_code, draft_id)
    said = _columns(one.draft, sent=True)
    profile = said.profile()
    source = str(said.form["source"].data)
    if profile is not None and source in scope().program.import_profiles and source != one.draft.profile_name:
        said.form.refuse("source", gettext("Another source is called so; choose another name."))
        profile = None
    if profile is not None:
        by: dict[str, Any] = {"actor": person().login, "now": now()}
        try:
            with transaction(db.session) as writing:
                draft = _held(draft_id)
                alike = drafts.read_by(writing, scope().program, draft, source, profile, **by)
                drafts.check(writing, settings(), scope().program, draft, **by)
        except ImportRefused as refused:
            said.form.refuse(None, import_words.told(refused.said))
        except ProgramFileInvalid as unfit:
            said.form.refuse(None, str(unfit))
        else:
            _wake(1 + alike)
            if alike:
                flash(_looked_at_anew(alike), "info")
            return _to(program_code, draft_id)
    return _columns_page(one, said), 400


def _looked_at_anew(alike: int) -> str:
    return ngettext(
        "%(num)s more file has the same header: it is looked at anew.",
        "%(num)s more files have the same header: they are looked at anew.",
        alike,
    )


@bp.post("/programs/<code:program_code>/imports/drafts/<id:draft_id>/check")
def check(program_code: str, draft_id: int) -> Response:
    _begin(draft_id, drafts.check)
    return _to(program_code, draft_id)


@bp.post("/programs/<code:program_code>/imports/drafts/<id:draft_id>/import")
def bring_in(program_code: str, draft_id: int) -> Response:
    batch_id = _begin(draft_id, drafts.bring_in)
    if batch_id is None:
        return _to(program_code, draft_id)
    drafts.forget(settings(), draft_id)
    return redirect(url_for("imports.show", program_code=program_code, batch_id=batch_id), 303)


@bp.post("/programs/<code:program_code>/imports/drafts/<id:draft_id>/put-away")
def put_away(program_code: str, draft_id: int) -> Response:
    with transaction(db.session) as writing:
        draft = _held(draft_id)
        name = draft.file_name
        writing.delete(draft)
    drafts.forget(settings(), draft_id)
    flash(gettext("%(file)s is put away; nothing of it was imported.", file=name), "info")
    return _to_list(program_code)


@bp.post("/programs/<code:program_code>/imports/drafts/check")
def check_all(program_code: str) -> Response:
    begun = [_begin(one.draft.id, drafts.check) for one in _ready() if one.checkable]
    flash(gettext("Being checked: %(count)s.", count=len([one for one in begun if one is not None])), "info")
    return _to_list(program_code)


@bp.post("/programs/<code:program_code>/imports/drafts/import")
def import_all(program_code: str) -> Response:
    brought = 0
    for one in _ready():
        draft_id = one.draft.id
        if one.right and _begin(draft_id, drafts.bring_in) is not None:
            drafts.forget(settings(), draft_id)
            brought += 1
    flash(gettext("Being imported: %(count)s.", count=brought), "success" if brought else "info")
    return redirect(url_for("imports.index", program_code=program_code), 303)


def _ready() -> list[Waiting]:
    found = drafts.waiting(session(), scope().program.id, MOST_FILES, now())
    return [one for one in found if one.draft.state is DraftState.READY]


def _begin(draft_id: int, how: Any) -> int | None:
    """Check a file, or import it; say why where that cannot be."""
    try:
        with transaction(db.session) as writing:
            batch_id: int = how(writing, settings(), scope().program, _held(draft_id), actor=person().login, now=now())
    except drafts.NoSuchDraft:
        return None
    except drafts.NotYet:
        flash(gettext("Say first how the file is read."), "warning")
        return None
    except ImportRefused as refused:
        flash(import_words.told(refused.said), "danger")
        return None
    _wake(1)
    return batch_id


def _held(draft_id: int) -> ImportDraft:
    return drafts.draft_of(db.session(), draft_id)


def _waiting(draft_id: int) -> Waiting:
    return drafts.one_waiting(session(), session().get_one(ImportDraft, draft_id), now())


def _columns(draft: ImportDraft, *, sent: bool) -> Columns:
    seen = drafts.seen_of(draft)
    if seen is None:
        abort(404)
    known = import_profiles.profiles_of(scope().program)
    source = draft.profile_name or _suggested(draft, known)
    return Columns(seen, sent=sent, source=source, profile=known.get(draft.profile_name or ""))


def _suggested(draft: ImportDraft, taken: Collection[str]) -> str:
    """Suggest the name of a source: the file's without what tells one month from another, and no other's.

    Statements are the card provider's: its first ones are called so, as finance brings those after them.
    """
    stem = "statements" if draft.kind == "statements" else re.sub(r"\d+", " ", Path(draft.file_name).stem)
    name = _NO_NAME.sub("-", stem).strip("-_").lower()[:40] or "source"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(one for one in names if one not in taken)


def _look_form(seen: Seen, kind: str | None, *, sent: bool) -> LookForm:
    """Ask what a file holds. Whoever may bring one kind alone is offered no other."""
    form = LookForm.of(seen, kind, sent=sent)
    if Permission.START_IMPORT not in permitted():
        offered: Any = form.kind.choices
        form.kind.choices = [one for one in offered if one.value == kind]
    return form


def _kept(draft: ImportDraft) -> import_profiles.Kept | None:
    return next(
        (one for one in import_profiles.kept(session(), scope().program) if one.name == draft.profile_name), None
    )


def _page(template: str, one: Waiting, **more: Any) -> str:
    return render_template(template, one=one, draft=one.draft, words=import_words, **more)


def _columns_page(one: Waiting, said: Columns, look_form: LookForm | None = None) -> str:
    asked = look_form or _look_form(said.seen, one.draft.kind, sent=False)
    return _page("admin/imports/draft_columns.html", one, said=said, seen=said.seen, look_form=asked)


def _check_page(one: Waiting) -> str:
    assert one.check is not None, "the caller asked"
    found: Mapping[str, Any] = {}
    if one.check.status is BatchStatus.DONE:
        batch = session().get_one(ImportBatch, one.check.batch_id)
        found = {
            "tried": trying.tried(session(), batch, BatchFiles(settings().files, batch.id)),
            "groups": to_repair(session(), batch.id),
            "rule_names": {
                rule.code: rule.version.definition.name for rule in rules_of(session(), scope().program.id).book.rules
            },
            "place": _places(stretches_of(batch.stretches)),
        }
    return _page("admin/imports/draft_check.html", one, progress=one.check, kept=_kept(one.draft), say=_say, **found)


def _places(stretches: Sequence[Stretch]) -> Callable[[int], str]:
    """Make what says where a row is: its number, and its sheet where there are several."""

    def place(row: int) -> str:
        stretch, number = place_of(row, stretches)
        if stretch is None or not stretch.sheet:
            return figure(number)
        return gettext("%(row)s of %(sheet)s", row=figure(number), sheet=stretch.sheet)

    return place


def _say(reason: Mapping[str, Any]) -> str:
    return sentence(reason, gettext, shown)


def _wake(jobs: int) -> None:
    messenger.wake(kontor()["addresses"].redis_url, jobs)


def _to(program_code: str, draft_id: int) -> Response:
    return redirect(url_for("import_drafts.show", program_code=program_code, draft_id=draft_id), 303)


def _to_list(program_code: str) -> Response:
    if Permission.START_IMPORT not in permitted():
        return redirect(url_for("reconciliation.index", program_code=program_code), 303)
    return redirect(url_for("import_drafts.index", program_code=program_code), 303)

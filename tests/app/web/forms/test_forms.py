"""Forms: what every one refuses, what it keeps, and how it says what is wrong."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Length, Optional

from app.domain.typed.card_numbers import passes_luhn
from app.web.forms.form import LONGEST_LINE, LONGEST_TEXT, CodeField, Form, RowForm, choice
from app.web.forms.widgets import attributes
from tests.app.web.test_pages import Reader
from tests.app.web.world import FORMULA, HOSTILE

As = Callable[[str], FlaskClient]

CARD = "4111 1111 1111 1111"
FOREIGN = ["Żółć gęślą jaźń", "Привет", "你好", "مرحبا", "🙂", "e\u0301"]


class Sent(Form):
    """A form with what matters."""

    may_look_like_cards = frozenset({"ean"})

    name = StringField("Name", [InputRequired()])
    short = StringField("Short", validators=[Optional(), Length(max=5)])
    ean = StringField("EAN", [Optional()])
    code = CodeField("Code", [Optional()])
    remark = TextAreaField("Remark", [Optional()])
    password = PasswordField("Password", [Optional()])
    country = SelectField("Country", choices=[choice("PL", "Poland"), choice("ES", "Spain")], default="PL")
    way = RadioField("Way", choices=[choice("mail", "Mail"), choice("sms", "SMS")], default="mail")
    agreed = BooleanField("Agreed")


def sent(pages: Flask, **values: str) -> Sent:
    """Send the form with a name, and what else is given."""
    with pages.test_request_context(method="POST", data={"name": "Ada", **values}):
        form = Sent(meta={"csrf": False})
        form.validate()
    return form


def wrong(form: Form) -> list[str]:
    return [name for name, field in form._fields.items() if field.errors]


@pytest.mark.parametrize("text", [*FOREIGN, HOSTILE, FORMULA, "O'Brien & Söhne", "a\u200db"])
def test_names_of_all_the_world_are_taken_as_they_are(pages: Flask, text: str) -> None:
    form = sent(pages, name=text, remark=text)
    assert wrong(form) == []
    assert form.name.data == form.remark.data == text


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\x7f", "\x9f", "\u202e", "\u2066", "\ud800"])
def test_what_cannot_be_printed_is_refused(pages: Flask, letter: str) -> None:
    with pages.test_request_context():
        form = Sent(MultiDict({"name": f"A{letter}da", "remark": f"A{letter}"}), meta={"csrf": False})
        assert not form.validate()
    assert wrong(form) == ["name", "remark"]


def test_a_line_is_one_line_and_a_text_may_have_several(pages: Flask) -> None:
    assert wrong(sent(pages, name="one\ntwo")) == ["name"]
    assert wrong(sent(pages, remark="one\r\ntwo\tthree")) == []


def test_spaces_around_are_not_meant(pages: Flask) -> None:
    form = sent(pages, name="  Ada  \n", remark="\n two\n", password=" secret ")
    assert (form.name.data, form.remark.data, form.password.data) == ("Ada", "two", " secret ")
    assert wrong(sent(pages, name=" \t ")) == ["name"]


def test_every_text_has_a_longest_length(pages: Flask) -> None:
    assert wrong(sent(pages, name="x" * LONGEST_LINE, remark="x" * LONGEST_TEXT)) == []
    assert wrong(sent(pages, name="x" * (LONGEST_LINE + 1), remark="x" * (LONGEST_TEXT + 1))) == ["name", "remark"]
    assert wrong(sent(pages, short="xxxxxx", password="x" * (LONGEST_LINE + 1))) == ["short", "password"]
    with pages.test_request_context():
        assert 'maxlength="5"' in str(Sent(meta={"csrf": False}).short())
        assert f'maxlength="{LONGEST_LINE}"' in str(Sent(meta={"csrf": False}).name())


def test_a_code_is_refused_only_where_it_begins_as_cards_do(pages: Flask) -> None:
    gln = "21167677940019"
    assert passes_luhn(gln)
    assert wrong(sent(pages, code=f"J-{gln}")) == []
    assert wrong(sent(pages, code=CARD)) == ["code"]
    assert wrong(sent(pages, remark=gln)) == ["remark"], "among words it may be one"


@pytest.mark.parametrize("text", [CARD, CARD.replace(" ", ""), f"card {CARD} please", "3782-822463-10005"])
def test_numbers_of_payment_cards_are_not_taken_in(pages: Flask, text: str) -> None:
    form = sent(pages, name=text, remark=text, ean=text)
    assert wrong(form) == ["name", "remark"]
    assert "payment card" in str(form.name.errors[0])


def test_choices_that_nobody_offered_are_refused(pages: Flask) -> None:
    assert wrong(sent(pages, country="XX", way="pigeon")) == ["country", "way"]


def test_a_form_without_the_token_is_refused_before_it_is_read(as_: As) -> None:
    answer = as_("owner").post("/platform/style", data={"name": "Ada"})
    assert answer.status_code == 400
    assert "out of date" in answer.text


def test_problems_come_in_the_order_of_the_fields_and_those_of_the_whole_first(pages: Flask) -> None:
    form = sent(pages, name="", short="xxxxxx", way="pigeon")
    with pages.test_request_context():
        form.refuse("country", "Not from there.")
        form.refuse(None, "Not today.")
        told = [(problem.label, problem.at) for problem in form.problems()]
    assert told == [("", None), ("Name", "name"), ("Short", "short"), ("Country", "country"), ("Way", "way-0")]
    assert form.problems()[0].text == "Not today."


def test_the_rows_of_every_form_judge_what_is_typed_as_forms_do(pages: Flask) -> None:
    def kinds(kind: type[Form]) -> set[type[Form]]:
        return {kind}.union(*(kinds(one) for one in kind.__subclasses__()))

    def unbound(form: type[Form]) -> "list[UnboundField[Any]]":
        fields = [one for one in vars(form).values() if isinstance(one, UnboundField)]
        within = [one.args[0] for one in fields if issubclass(one.field_class, FieldList)]
        return [one for one in (*fields, *within) if issubclass(one.field_class, FormField)]

    found = [(form, one.args[0]) for form in kinds(Form) for one in unbound(form)]
    assert len(found) > 10
    assert [(form, rows) for form, rows in found if not issubclass(rows, RowForm)] == []

    class Rows(Form):
        rows = FieldList(FormField(type("Row", (RowForm,), {"text": StringField("Text")})))

    with pages.test_request_context():
        form = Rows(MultiDict({"rows-0-text": CARD, "rows-1-text": "a\u202eb"}), meta={"csrf": False})
        assert not form.validate()
        assert [problem.at for problem in form.problems()] == ["rows-0-text", "rows-1-text"]


def test_of_rows_with_the_same_fields_a_problem_says_in_which_it_is(pages: Flask) -> None:
    class Row(RowForm):
        pieces = StringField("Pieces", [InputRequired("How many?")])

    class Rows(Form):
        rows = FieldList(FormField(Row))

    with pages.test_request_context():
        form = Rows(MultiDict({"rows-0-pieces": "", "rows-1-pieces": "2", "rows-2-pieces": ""}), meta={"csrf": False})
        form.validate()
        told = [(problem.label, problem.at) for problem in form.problems()]
    assert told == [("Pieces (1)", "rows-0-pieces"), ("Pieces (3)", "rows-2-pieces")]


def test_what_is_wrong_with_a_row_stands_beside_its_field_and_never_below_the_list(pages: Flask) -> None:
    class Row(RowForm):
        pieces = StringField("Pieces", [InputRequired("How many?")])

    class Rows(Form):
        rows = FieldList(FormField(Row), label="Rows")
        words = FieldList(StringField("Word", [InputRequired("Which?")]), label="Words")

    written = (
        '{% from "components/forms.html" import form, field, under %}{% call form(the) %}'
        "{% for row in the.rows %}{{ field(row.form.pieces) }}{% endfor %}{{ under(the.rows) }}"
        "{% for word in the.words %}{{ field(word) }}{% endfor %}{{ under(the.words) }}{% endcall %}"
    )
    with pages.test_request_context():
        sent = MultiDict({"rows-0-pieces": "1", "rows-1-pieces": "", "words-0": ""})
        form = Rows(sent, meta={"csrf": False})
        form.validate()
        beside = render_template_string(written, the=form)
        form.refuse("rows", "Too few of them.")
        page = render_template_string(written, the=form)
    assert re.findall(r'<p class="field-problem" id="([^"]+)">([^<]*?) ?</p>', beside) == [
        ("rows-1-pieces-problem", "How many?"),
        ("words-0-problem", "Which?"),
    ]
    assert '<p class="field-problem" id="rows-problem">Too few of them. </p>' in page
    assert '<a href="#rows">Rows: Too few of them.</a>' in page


def test_what_is_wrong_stands_on_top_and_beside_the_field_and_what_was_typed_is_kept(pages: Flask) -> None:
    written = (
        '{% from "components/forms.html" import form, field, buttons %}'
        "{% call form(the) %}{% for one in the %}{{ field(one) }}{% endfor %}{{ buttons('Send') }}{% endcall %}"
    )
    with pages.test_request_context(method="POST", data={"name": "", "short": HOSTILE, "country": "ES"}):
        form = Sent(meta={"csrf": False})
        form.validate()
        page = render_template_string(written, the=form)
    read = Reader(page)
    assert read.wrong == []
    assert len(set(read.ids)) == len(read.ids)
    assert set(read.refers) <= set(read.ids)
    assert '<a href="#name">Name: ' in page
    assert '<a href="#short">Short: ' in page
    name = re.search(r'<input[^>]* id="name"[^>]*>', page)
    assert name
    assert 'aria-invalid="true"' in name[0]
    assert 'aria-describedby="name-problem"' in name[0]
    assert 'id="name-problem"' in page
    assert "&lt;svg onload=alert(1)&gt;" in page
    assert '<option selected value="ES">' in page
    assert page.index("data-problems") < page.index('id="name"')


def test_a_box_and_a_group_of_choices_say_that_they_are_wrong(pages: Flask) -> None:
    written = '{% from "components/forms.html" import field %}{{ field(the.agreed) }}{{ field(the.way) }}'
    with pages.test_request_context(method="POST", data={"name": "Ada"}):
        form = Sent(meta={"csrf": False})
        assert "aria-invalid" not in render_template_string(written, the=form)
        form.refuse("agreed", "This has to be agreed to.")
        form.refuse("way", "Choose one.")
        page = render_template_string(written, the=form)
    for begins in (r'<input[^>]* id="agreed"', r'<fieldset[^>]* role="radiogroup"'):
        of = re.search(begins + "[^>]*>", page)
        assert of
        assert 'aria-invalid="true"' in of[0]


def test_the_page_of_all_parts_keeps_what_was_typed(as_: As) -> None:
    client = as_("owner")
    page = client.get("/platform/style")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    answer = client.post("/platform/style", data={"csrf_token": token[1], "name": FORMULA, "remark": HOSTILE})
    assert answer.status_code == 422
    read = Reader(answer.text)
    assert read.wrong == []
    assert read.open == []
    assert len(set(read.ids)) == len(read.ids)
    assert set(read.refers) <= set(read.ids)
    assert sorted(read.landmarks) == ["h1", "main"]
    assert f'value="{FORMULA}"' in answer.text
    assert HOSTILE not in answer.text
    assert len(answer.data) < 60_000


def test_attributes_are_written_as_wtforms_writes_them(pages: Flask) -> None:
    told = 'it\'s <b> & "c"'
    given = {"class_": "a b", "data_list_of": told, "required": True, "disabled": False, "value": 0, "z": None}
    assert attributes(**given) == (
        'class="a b" data-list-of="it&#39;s &lt;b&gt; &amp; &#34;c&#34;" required value="0" z="None"'
    )
    assert attributes(title=Markup('<i>"x"</i>')) == 'title="<i>&quot;x&quot;</i>"'
    assert widgets.Input.html_params is widgets.core.html_params is attributes, "installed with the pages"

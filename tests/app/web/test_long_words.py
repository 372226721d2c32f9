"""Long words break where their parts meet, and nowhere else as long as there is room."""

import pytest
from markupsafe import Markup

from app.web.long_words import breakable, has_long_word


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("kamil.wit@demo.example", "kamil.<wbr>wit@<wbr>demo.<wbr>example"),
        ("for kamil.wit@demo.example, today", "for kamil.<wbr>wit@<wbr>demo.<wbr>example, today"),
        ("password_changed.subject", "password_<wbr>changed.<wbr>subject"),
        ("a@b.example", "a@b.example"),
        ("1,234,567.89 and 0.5", "1,234,567.89 and 0.5"),
        ("elektronarzedziami", "elektronarzedziami"),
        ("<b>name@somewhere.example</b>", "&lt;b&gt;name@<wbr>somewhere.<wbr>example&lt;/b&gt;"),
        (Markup('<a href="/somewhere.else.entirely">x</a>'), '<a href="/somewhere.else.entirely">x</a>'),
        (1234, "1234"),
    ],
)
def test_a_long_word_breaks_after_what_parts_it(text: str, written: str) -> None:
    assert breakable(text) == written


def test_a_text_of_short_words_has_no_long_one() -> None:
    assert not has_long_word("a text of many short words, and of no long one")
    assert has_long_word("see sign_in_link.subject")

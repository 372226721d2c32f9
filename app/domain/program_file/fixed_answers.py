"""Answers of card operators as text of fixed width: which record says what, and where in its lines each field is."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from app.domain.program_file.parts import Part, Words
from app.domain.typed.encodings import text_encoding


class AnswerField(Part):
    """A field of a record. Its title is the name by which the template speaks of it, as of a column with a header."""

    title: Words
    begins: int = Field(ge=1, le=2_000, description="its first character, counted from 1")
    width: int = Field(ge=1, le=500)

    @property
    def ends(self) -> int:
        """Give its last character, counted from 1."""
        return self.begins + self.width - 1


class AnswerRecord(Part):
    """The lines of one kind: known by what they begin with, where there are several kinds."""

    mark: Annotated[str, Field(max_length=20)] = Field("", description="what its lines begin with; empty: every line")
    fields: list[AnswerField] = Field(min_length=1, max_length=40)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        titles = [one.title.casefold() for one in self.fields]
        twice = sorted({title for title in titles if titles.count(title) > 1})
        if twice:
            raise ValueError(f"fields: {', '.join(twice)} stands there twice")
        ordered = sorted(self.fields, key=lambda one: one.begins)
        for one, after in pairwise(ordered):
            if one.ends >= after.begins:
                raise ValueError(f"fields: {one.title} ends at {one.ends}, and {after.title} begins at {after.begins}")
        return self


class FixedAnswers(Part):
    """How response files of fixed width are read; what the fields mean, the columns of the answers say."""

    encoding: Annotated[str, AfterValidator(text_encoding)] = "utf-8"
    lines: AnswerRecord = Field(description="what became of each load")
    file: AnswerRecord | None = Field(None, description="whether the file was taken as a whole")

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if self.file is not None and not (self.lines.mark and self.file.mark):
            raise ValueError("both records need a mark, for nothing else tells their lines apart")
        return self

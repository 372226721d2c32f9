"""In which form a provider takes orders: our own file, or one as its operator wants it."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from app.domain.measures.calendar import local_date
from app.domain.program_file.batch_file import Answers, BatchFile
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.saying.wording import marked
from app.exports.files import Written
from app.models.programs import Program
from prepaid.errors import TermsInvalid
from prepaid.files.batch_files import Batch, batch_file_name, write_batch
from prepaid.files.order_files import OrderLines, file_name, write_order
from prepaid.files.response_files import OURS

_ = marked
BATCH_FILE = "batch_file"
"""The provider that takes files from a person's hand, and gives files back."""


@dataclass(frozen=True)
class OrderForm:
    """How the order file of one batch is named and written."""

    batch: Batch
    template: BatchFile | None

    @property
    def name(self) -> str:
        """Name the file: no two have one name."""
        if self.template is None:
            return file_name(self.batch.program, self.batch.run, self.batch.number)
        return batch_file_name(self.template, self.batch)

    def write(self, path: Path, lines: OrderLines) -> Written:
        """Write it; it appears whole or not at all.

        Raises:
            PrepaidError: See `prepaid.files.order_files.write_order` and `prepaid.files.batch_files.write_batch`.
        """
        if self.template is None:
            return write_order(path, self.batch.number, self.batch.currency, self.batch.decimals, lines)
        return write_batch(path, self.template, self.batch, lines)


def order_form(program: Program, provider: str, run_id: int, batch_id: int, now: dt.datetime) -> OrderForm:
    """Give the form in which a provider takes a batch of a programme.

    Raises:
        TermsInvalid: It takes files, and the programme does not say which.
    """
    on = local_date(now, program.time_zone)
    batch = Batch(batch_id, run_id, program.code, on, program.currency, program.currency_decimals)
    return OrderForm(batch, _template(program) if provider == BATCH_FILE else None)


def answers_of(program: Program, provider: str) -> Answers:
    """Give how the response files of a provider are read.

    Raises:
        TermsInvalid: It gives files, and the programme does not say which.
    """
    return _template(program).answers if provider == BATCH_FILE else OURS


def _template(program: Program) -> BatchFile:
    template = PrepaidPart.model_validate(program.prepaid).batch_file
    if template is None:
        words = _("The programme %(program)s has no template of its card operator's files.")
        raise TermsInvalid(words, program=program.code)
    return template

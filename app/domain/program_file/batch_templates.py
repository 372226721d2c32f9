"""Ready-made templates of card operators' files: what most of them take; the editor begins with one of them."""

from collections.abc import Mapping

from app.domain.program_file.batch_file import Answers, BatchFile, Column, FileAnswer, LineAnswers, Mark
from app.domain.program_file.fixed_answers import AnswerField, AnswerRecord, FixedAnswers

_WAVES = Answers(
    file=FileAnswer(column="file_status", accepted=["accepted"], refused=["rejected"], file="file", message="reason"),
    lines=LineAnswers(
        reference="external_id",
        result="status",
        code="code",
        message="reason",
        amount=None,
        loaded=["completed", "loaded"],
        failed=["failed", "rejected"],
        unknown=["pending"],
    ),
)

DELIMITED = BatchFile(
    format="csv",
    name="{program}-loads-{date}-{batch}.csv",
    delimiter=";",
    columns=[
        Column(title="Line", holds="line"),
        Column(title="External id", holds="reference"),
        Column(title="Goes with", holds="requires"),
        Column(title="Proxy number", holds="token"),
        Column(title="Order type", text="LoadCard"),
        Column(title="Amount", holds="amount"),
        Column(title="Currency", holds="currency"),
        Column(title="Description", holds="kind"),
    ],
    after=[Mark(text="TOTAL"), Mark(holds="count"), Mark(holds="sum"), Mark(holds="currency")],
    answers=_WAVES,
)

FIXED = BatchFile(
    format="fixed_width",
    name="{program}.{date}.{batch}.txt",
    encoding="cp1250",
    decimal=",",
    amounts="minor",
    dates="%Y%m%d",
    titles=False,
    before=[
        Mark(text="H", width=1),
        Mark(holds="batch", width=8, align="right", pad="0"),
        Mark(holds="date", width=8),
        Mark(holds="currency", width=3),
    ],
    columns=[
        Column(text="D", width=1),
        Column(holds="line", width=6, align="right", pad="0"),
        Column(holds="reference", width=40),
        Column(holds="token", width=64),
        Column(holds="amount", width=15, align="right", pad="0"),
        Column(holds="holder", width=35, cut=True),
    ],
    after=[
        Mark(text="T", width=1),
        Mark(holds="count", width=6, align="right", pad="0"),
        Mark(holds="sum", width=18, align="right", pad="0"),
    ],
    answers=_WAVES,
)

FIXED_BOTH = FIXED.model_copy(
    update={
        "answers": _WAVES.model_copy(
            update={
                "amounts": "minor",
                "lines": _WAVES.lines.model_copy(update={"amount": "amount"}),
                "fixed_width": FixedAnswers(
                    encoding="cp1250",
                    lines=AnswerRecord(
                        mark="D",
                        fields=[
                            AnswerField(title="external_id", begins=8, width=40),
                            AnswerField(title="status", begins=48, width=10),
                            AnswerField(title="code", begins=58, width=8),
                            AnswerField(title="amount", begins=66, width=15),
                            AnswerField(title="reason", begins=81, width=60),
                        ],
                    ),
                    file=AnswerRecord(
                        mark="H",
                        fields=[
                            AnswerField(title="file_status", begins=2, width=10),
                            AnswerField(title="file", begins=12, width=60),
                            AnswerField(title="reason", begins=72, width=60),
                        ],
                    ),
                ),
            }
        )
    }
)
"""The answers of an operator whose records are of fixed width both ways."""

READY: Mapping[str, BatchFile] = {"delimited": DELIMITED, "fixed_width": FIXED, "fixed_both": FIXED_BOTH}
"""By the name that a page and a command know them by."""

"""`kontor documents read`: what an e-invoice says, what is wrong with it, and what its lines are in a programme."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import chosen_program
from app.cli.output import (
    FOUND_WRONG,
    NOT_FOUND,
    REFUSED,
    USAGE,
    Failure,
    failing,
    figure,
    json_option,
    print_json,
    print_table,
)
from app.cli.running.runtime import runtime
from app.config import settings
from app.db.transaction import transaction
from app.domain.saying.reasons import sentence

if TYPE_CHECKING:
    from verification.einvoices.invoice import EInvoice, Reason
    from verification.einvoices.matching import MatchedLine

_MILLI, _PRICE_DECIMALS = 3, 6


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--program", "program_code", help="Code of a programme: say which of its products the lines are.")
@click.option("--distributor", "distributor_code", help="Code of the distributor whose names for products count.")
@click.option("--ksef-number", help="The number under which KSeF keeps it, to be held against it.")
@click.option("--qr", "link", help="What its QR code leads to, to be held against the file; nobody is asked.")
@json_option
def read(
    file: Path,
    program_code: str | None,
    distributor_code: str | None,
    ksef_number: str | None,
    link: str | None,
    as_json: bool,
) -> None:
    """Read FILE, an e-invoice, and keep nothing: what it says, and what is wrong with it.

    KSeF FA(2) and FA(3), UBL 2.1, CII, FatturaPA, Facturae, and PDFs of Factur-X and ZUGFeRD are told by what is in
    them. Amounts of --json are whole numbers of the smallest unit, quantities thousandths, prices millionths of the
    smallest unit. Ends with 1 where something should be looked at before it counts.
    """
    from verification.einvoices import ksef
    from verification.einvoices.schemas import SchemaUnusable

    if distributor_code is not None and program_code is None:
        raise Failure("--distributor needs --program: whose distributor is it?", USAGE)
    if program_code is not None:
        with runtime() as run, transaction(run.registry) as session:
            chosen_program(session, program_code)
    with failing(SchemaUnusable):
        invoice = _read(file)
    problems = [*invoice.problems]
    if ksef_number is not None:
        problems += ksef.number_findings(ksef_number, invoice)
    if link is not None:
        problems += ksef.link_findings(link, invoice)
    matched = None if program_code is None else _matched(invoice, program_code, distributor_code)
    if as_json:
        print_json(_document(invoice, problems, matched))
    else:
        _show(invoice, problems, matched)
    if any(one["severity"] != "note" for one in problems):
        sys.exit(FOUND_WRONG)


def _read(file: Path) -> "EInvoice":
    from verification.einvoices import reading
    from verification.einvoices.invoice import EInvoiceRefused
    from verification.einvoices.limits import LARGEST_PDF_MIB

    with file.open("rb") as content:
        data = content.read((LARGEST_PDF_MIB << 20) + 1)  # one byte more than is read, and it is refused
    try:
        return reading.read(data, file.name, settings().e_invoice_schemas)
    except EInvoiceRefused as refused:
        said = [f"{file.name}: {sentence(one)}" for one in refused.problems]
        raise Failure("\n".join(said), REFUSED, said) from None


def _matched(
    invoice: "EInvoice", program_code: str, distributor_code: str | None
) -> "list[tuple[MatchedLine, list[dict[str, Any]]]]":
    """Say what the lines are in a programme; each with the products that it is or may be."""
    from sqlalchemy import select

    from app.models.catalogue import Product
    from app.services.participants import distributors
    from verification.einvoices.matching import match_lines

    with runtime() as run, transaction(run.registry) as session:
        program = chosen_program(session, program_code)
        distributor_id = None
        if distributor_code is not None:
            distributor_id = distributors.id_of_code(session, program.id, distributor_code)
            if distributor_id is None:
                raise Failure(f"No distributor has the code {distributor_code!r}.", NOT_FOUND)
        found = match_lines(session, program.id, invoice.lines, distributor_id=distributor_id)
        wanted = {one.product_id for one in found} | {like.id for one in found for like in one.proposals}
        rows = session.execute(select(Product.id, Product.code, Product.name).where(Product.id.in_(wanted - {None})))
        named = {id_: {"code": code, "name": name} for id_, code, name in rows}
    told = []
    for one in found:
        likely = [named[like.id] | {"likely": like.score, "alike": like.why} for like in one.proposals]
        told.append((one, [named[one.product_id]] if one.product_id is not None else likely))
    return told


def _document(
    invoice: "EInvoice",
    problems: "list[Reason]",
    matched: "list[tuple[MatchedLine, list[dict[str, Any]]]] | None",
) -> dict[str, Any]:
    document = asdict(invoice) | {
        "format": str(invoice.format),
        "kind": invoice.kind.name.lower(),
        "issued_on": invoice.issued_on.isoformat(),
        "sold_on": None if invoice.sold_on is None else invoice.sold_on.isoformat(),
        "sha256": invoice.sha256.hex(),
        "problems": [one | {"says": sentence(one)} for one in problems],
    }
    for party in (document["seller"], document["buyer"]):
        party["other_ids"] = [{"scheme": scheme, "id": number} for scheme, number in party["other_ids"]]
    for line, (one, products) in zip(document["lines"], matched or (), strict=matched is not None):
        line["is"] = (
            products[0] | {"found_by": one.found_by, "quantity_milli": one.quantity_milli}
            if (one.product_id is not None)
            else None
        )
        line["may_be"] = [] if one.product_id is not None else products
        line["problem"] = one.problem
    return document


def _show(
    invoice: "EInvoice",
    problems: "list[Reason]",
    matched: "list[tuple[MatchedLine, list[dict[str, Any]]]] | None",
) -> None:
    decimals, totals = invoice.decimals, invoice.totals
    kind = invoice.kind.name.lower().replace("_", " ")
    click.echo(f"{invoice.format}: {kind} {invoice.number} of {invoice.issued_on}, in {invoice.currency}")
    for who, party in (("seller", invoice.seller), ("buyer", invoice.buyer)):
        click.echo(f"  {who}: {', '.join(filter(None, (party.name, party.tax_id, party.country))) or 'not said'}")
    sums = (("net", totals.net_minor), ("VAT", totals.vat_minor), ("gross", totals.gross_minor))
    click.echo("  " + ", ".join(f"{name} {figure(sum_, decimals)}" for name, sum_ in sums if sum_ is not None))
    rows = [
        [
            line.number or str(line.position),
            line.name or "",
            line.gtin or line.seller_code or "",
            figure(line.quantity_milli, _MILLI),
            "" if line.unit_price_micro is None else figure(line.unit_price_micro, decimals + _PRICE_DECIMALS),
            figure(line.net_minor, decimals),
            *([] if matched is None else [_here(*matched[at])]),
        ]
        for at, line in enumerate(invoice.lines)
    ]
    headers = ["Line", "Name", "EAN or code", "Quantity", "Price", "Net", *([] if matched is None else ["Here"])]
    print_table("Lines", headers, rows, frozenset({3, 4, 5}))
    for problem in problems:
        click.echo(f"  {problem['severity']}: {sentence(problem)}")


def _here(one: "MatchedLine", products: list[dict[str, Any]]) -> str:
    if one.problem is not None:
        return sentence(one.problem)
    if one.product_id is not None:
        return f"{products[0]['code']} by {one.found_by}"
    return "; ".join(f"perhaps {like['code']} ({like['likely']} %)" for like in products) or "unknown"

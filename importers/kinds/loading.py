"""Every kind of file in which one row is one thing, and how it is loaded."""

from importers.kinds import (
    adjustments,
    aliases,
    deliveries,
    distributors,
    events,
    people,
    products,
    rates,
    rewards,
    shipments,
    targets,
    voucher_codes,
)
from importers.kinds.desk import Loader

LOADERS: dict[str, Loader] = {
    "products": Loader(("code", "name"), ("code",), products.load),
    "distributors": Loader(("code", "name"), ("code",), distributors.load),
    "people": Loader(("distributor", "email"), ("distributor", "email"), people.load),
    "deliveries": Loader(("document_number", "issued_on", "distributor", "product", "quantity"), (), deliveries.load),
    "rates": Loader(
        ("product_group", "distributor_group", "points"), ("matrix", "product_group", "distributor_group"), rates.load
    ),
    "rewards": Loader(("code", "name", "points"), ("code",), rewards.load),
    "vouchers": Loader(("reward", "code"), (), voucher_codes.load, secret=("code",)),
    "shipments": Loader(("order", "reward"), ("order", "reward"), shipments.load),
    "events": Loader(("distributor", "event", "on"), (), events.load),
    "aliases": Loader(("alias", "product"), ("alias", "source", "distributor"), aliases.load),
    "targets": Loader(("distributor", "target"), ("distributor", "promotion"), targets.load),
    "adjustments": Loader(("distributor", "note"), (), adjustments.load),
}


def register(kind: str, loader: Loader) -> None:
    """Name the loader of a kind whose things belong to a room above this one."""
    LOADERS[kind] = loader

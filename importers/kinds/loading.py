"""Every kind of file in which one row is one thing, and how it is loaded."""

from collections.abc import Mapping

from importers.kinds import adjustments, distributors, products, rates
from importers.kinds.desk import Loader

LOADERS: Mapping[str, Loader] = {
    "products": Loader(("code", "name"), ("code",), products.load),
    "distributors": Loader(("code", "name"), ("code",), distributors.load),
    "rates": Loader(
        ("product_group", "distributor_group", "points"), ("matrix", "product_group", "distributor_group"), rates.load
    ),
    "adjustments": Loader(("distributor", "points", "note"), (), adjustments.load),
}

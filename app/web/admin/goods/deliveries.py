"""Deliveries: what the sponsor delivered to distributors, which is what they may sell on."""

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.models.catalogue import Product
from app.models.deliveries import Delivery
from app.models.distributors import Distributor
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Days, Kind, Listing, Search, To

bp = Blueprint("deliveries", __name__)

_QUERY: Select[Any] = (
    select()
    .select_from(Delivery)
    .join(Distributor, Distributor.id == Delivery.distributor_id)
    .join(Product, Product.id == Delivery.product_id)
    .where(Delivery.program_id == HERE)
)

DELIVERIES = Listing(
    name="deliveries",
    title=_("Deliveries to distributors"),
    columns=(
        Column("number", _("Document"), Delivery.number, Kind.CODE),
        Column("delivered_on", _("Delivered on"), Delivery.delivered_on, Kind.DAY, Delivery.delivered_on),
        Column(
            "distributor",
            _("Distributor"),
            Distributor.name,
            sort=Distributor.sort_key,
            link=To("records.show", distributor_id="distributor_id"),
        ),
        Column("product", _("Product"), Product.name, sort=Product.sort_key),
        Column("code", _("Code"), Product.code, Kind.CODE, phone=False),
        Column("quantity", _("Quantity"), Delivery.quantity_milli, Kind.QUANTITY),
        Column("distributor_id", _("Distributor"), Distributor.id, shown=False, exported=False),
    ),
    query=_QUERY,
    id=Delivery.id,
    default="-delivered_on",
    filters=(
        Search(
            Delivery.number,
            Distributor.name,
            Distributor.code,
            Product.name,
            Product.code,
            title=_("Document, distributor or product"),
        ),
        Days("delivered", _("Delivered on"), Delivery.delivered_on),
    ),
)


@bp.get("/programs/<code:program_code>/deliveries")
def index(program_code: str) -> str | Response:
    return answer(DELIVERIES, "admin/goods/deliveries.html", counted=True)

"""Makes an application serve pages: extensions, guard, headers, formats and every blueprint, in this order."""

import datetime as dt

from chartkick.flask import chartkick_blueprint
from flask import Flask

from app.config import secret_key
from app.domain.states import Unit
from app.services.access import people
from app.services.access.keys import Keys
from app.services.telling.languages import LANGUAGES
from app.web import (
    addresses,
    context,
    errors,
    formats,
    health,
    joining,
    languages,
    people_named,
    proofs,
    reward_pictures,
)
from app.web.access import guarding, security
from app.web.account import confirming, own_data, profile
from app.web.account import passkeys as own_passkeys
from app.web.account import second_factors as factors
from app.web.account import security as own_security
from app.web.account import sessions as own_sessions
from app.web.admin import program
from app.web.admin.audit import pages as audit
from app.web.admin.documents import deciding, disputes, documents, review
from app.web.admin.finding import naming, search, views
from app.web.admin.goods import deliveries, groups, products
from app.web.admin.imports import drafts as import_drafts
from app.web.admin.imports import imports, known_names, unmatched
from app.web.admin.imports import profiles as import_profiles
from app.web.admin.ledger import adjustments, ledger, lots
from app.web.admin.orders import orders, purchases, suppliers
from app.web.admin.overview import overview
from app.web.admin.owners import merges, pools, transfers
from app.web.admin.participants import (
    customers,
    distributors,
    new_distributors,
    own_accounts,
    records,
    tier_terms,
    tiers,
)
from app.web.admin.people import applications, invited, outbox, registration
from app.web.admin.people import people as users
from app.web.admin.promotions import editor as promotion_editor
from app.web.admin.promotions import promotions
from app.web.admin.rewarding import editor as reward_editor
from app.web.admin.rewarding import instants, rewards
from app.web.admin.rules import drafts as rule_drafts
from app.web.admin.rules import happened, matrices, stacks
from app.web.admin.rules import pages as rules
from app.web.admin.scenarios import scenarios
from app.web.admin.tax import rules as tax_rules
from app.web.admin.tax import statuses as tax_statuses
from app.web.auth import invitations, passkeys, resets, samples, sessions, ways
from app.web.auth import views as auth
from app.web.auth.attempts import Attempts
from app.web.extensions import bootstrap, csrf, login_manager
from app.web.finance import tax
from app.web.finance.books import books, invoicing, invoicing_settings, liability, periods
from app.web.finance.cards import cards
from app.web.finance.cards import life as cards_life
from app.web.finance.cards import provider as cards_provider
from app.web.finance.cards import told as cards_told
from app.web.finance.conversions import compensations, redemptions, runs, top_ups
from app.web.finance.conversions import settings as prepaid_settings
from app.web.finance.exports import exports
from app.web.finance.exports import plans as export_plans
from app.web.finance.exports import together as exports_together
from app.web.finance.reconciling import differences, reconciliation
from app.web.forms import form as forms
from app.web.forms import uploads, widgets
from app.web.look import assets, branding, fonts, icons, installing, look, preferences, templating
from app.web.navigation import frame as navigation
from app.web.navigation import home
from app.web.platform import all_programs, style
from app.web.platform import outbox as all_messages
from app.web.platform import programs as new_programs
from app.web.platform import users as everybody
from app.web.portal import home as portal_home
from app.web.portal.claims import claims as portal_claims
from app.web.portal.claims import loaded_sales as portal_sales
from app.web.portal.company import branches as portal_branches
from app.web.portal.company import company as portal_company
from app.web.portal.company import consents
from app.web.portal.company import tax as portal_tax
from app.web.portal.company import team as portal_team
from app.web.portal.company import terms as portal_terms
from app.web.portal.documents import disputes as portal_disputes
from app.web.portal.documents import documents as portal_documents
from app.web.portal.notices import notices as portal_notices
from app.web.portal.points import card as portal_card
from app.web.portal.points import chain, statements
from app.web.portal.points import promotions as portal_promotions
from app.web.portal.points import redemptions as portal_redemptions
from app.web.portal.points import tier as portal_tier
from app.web.portal.points import transfers as portal_transfers
from app.web.portal.rewarding import basket as portal_basket
from app.web.portal.rewarding import orders as portal_orders
from app.web.portal.rewarding import purchases as portal_purchases
from app.web.portal.rewarding import rewards as portal_rewards
from app.web.reports import views as reports
from app.web.words import imports as import_words
from app.web.words import wording
from app.web.words.movements import movement_name, movement_reason

BLUEPRINTS = (
    health.bp,
    chartkick_blueprint,
    look.bp,
    branding.bp,
    fonts.bp,
    preferences.bp,
    installing.bp,
    style.bp,
    auth.bp,
    ways.bp,
    resets.bp,
    passkeys.bp,
    invitations.bp,
    profile.bp,
    own_security.bp,
    confirming.bp,
    factors.bp,
    own_passkeys.bp,
    own_sessions.bp,
    own_data.bp,
    joining.bp,
    users.bp,
    invited.bp,
    applications.bp,
    registration.bp,
    consents.bp,
    outbox.bp,
    all_messages.bp,
    everybody.bp,
    all_programs.bp,
    new_programs.bp,
    home.bp,
    overview.bp,
    distributors.bp,
    new_distributors.bp,
    records.bp,
    customers.bp,
    imports.bp,
    import_drafts.bp,
    import_profiles.bp,
    review.bp,
    deciding.bp,
    unmatched.bp,
    known_names.bp,
    search.bp,
    naming.bp,
    views.bp,
    ledger.bp,
    lots.bp,
    products.bp,
    deliveries.bp,
    groups.bp,
    tiers.bp,
    tier_terms.bp,
    promotions.bp,
    promotion_editor.bp,
    portal_promotions.bp,
    rewards.bp,
    reward_editor.bp,
    instants.bp,
    reward_pictures.bp,
    orders.bp,
    purchases.bp,
    portal_purchases.bp,
    suppliers.bp,
    portal_rewards.bp,
    portal_basket.bp,
    portal_orders.bp,
    program.bp,
    audit.bp,
    adjustments.bp,
    transfers.bp,
    own_accounts.bp,
    pools.bp,
    merges.bp,
    portal_transfers.bp,
    disputes.bp,
    portal_disputes.bp,
    chain.bp,
    rules.bp,
    rule_drafts.bp,
    matrices.bp,
    stacks.bp,
    happened.bp,
    scenarios.bp,
    runs.bp,
    compensations.bp,
    top_ups.bp,
    exports.bp,
    exports_together.bp,
    export_plans.bp,
    invoicing.bp,
    invoicing_settings.bp,
    redemptions.bp,
    prepaid_settings.bp,
    tax.bp,
    tax_rules.bp,
    tax_statuses.bp,
    cards.bp,
    cards_life.bp,
    cards_provider.bp,
    cards_told.bp,
    reconciliation.bp,
    differences.bp,
    liability.bp,
    books.bp,
    periods.bp,
    reports.bp,
    statements.bp,
    portal_home.bp,
    portal_documents.bp,
    portal_claims.bp,
    portal_sales.bp,
    proofs.bp,
    portal_card.bp,
    portal_redemptions.bp,
    portal_tax.bp,
    portal_notices.bp,
    portal_team.bp,
    portal_company.bp,
    portal_tier.bp,
    portal_branches.bp,
    portal_terms.bp,
    documents.bp,
)


def register(app: Flask) -> None:
    """Let an application serve pages. The composition root calls it once."""
    app.config.update(
        BOOTSTRAP_SERVE_LOCAL=True,
        PERMANENT_SESSION_LIFETIME=dt.timedelta(hours=8),
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
    )
    widgets.install()
    templating.prepare(app)
    app.session_interface = security.Sessions()
    security.believe_proxies(app, app.extensions["kontor"]["settings"].proxies)
    app.url_map.converters |= {
        "id": addresses.IdConverter,
        "code": addresses.CodeConverter,
        "colour": branding.ColourConverter,
        "hash": branding.HashConverter,
    }
    kontor = app.extensions["kontor"]
    kontor["attempts"] = Attempts(kontor["addresses"].redis_url)
    kontor["keys"] = Keys(secret_key(kontor["settings"]))
    people.get_ready()

    app.before_request(guarding.guard)  # before the forgery check: what one may not see is not found
    app.before_request(uploads.allow)
    app.after_request(security.add_headers)
    app.after_request(assets.shrink)
    app.after_request(context.end_reading)
    login_manager.user_loader(sessions.load)
    login_manager.init_app(app, add_context_processor=False)  # which would ask the database on every error page
    csrf.init_app(app)
    bootstrap.init_app(app)
    languages.register(app)
    errors.register(app)
    _prepare_templates(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


_WRITTEN = (
    formats.figure,
    formats.points,
    formats.counted_points,
    formats.money,
    formats.cash,
    formats.cash_of_file,
    formats.share,
    formats.day,
    formats.country,
    formats.shown,
    formats.month,
    formats.quantity,
    formats.instant,
    formats.duration,
    formats.size,
    movement_name,
    formats.told,
    people_named.who,
    formats.load_failure,
    movement_reason,
)
"""Filters of templates: each writes for whoever reads."""


def _prepare_templates(app: Flask) -> None:
    app.jinja_env.globals.update(
        amount=formats.amount,
        amount_told=formats.amount_told,
        asset=assets.asset,
        bootstrap_asset=assets.bootstrap_asset,
        can=guarding.can,
        from_head_office=guarding.from_head_office,
        own_problems=forms.own_problems,
        permitted=guarding.permitted,
        reward_picture=reward_pictures.picture_address,
        chart_scripts=assets.chart_scripts,
        chart_decimals=look.chart_decimals,
        csp_nonce=security.csp_nonce,
        csrf_token=security.forgery_token,
        language=languages.language,
        drawing=icons.drawing,
        accent_address=branding.accent_address,
        font_addresses=fonts.font_addresses,
        fonts=fonts.faces_address,
        frame=navigation.frame,
        here_address=look.here_address,
        import_kind=import_words.kind,
        initials=navigation.initials,
        places_drawn=navigation.drawn,
        is_demo=look.is_demo,
        is_training=look.is_training,
        languages=lambda: LANGUAGES,
        role_here=navigation.role_here,
        route_exists=look.route_exists,
        theme_chosen=preferences.theme_chosen,
        url_for=addresses.address,
        person=context.somebody,
        scope=context.scope_or_none,
        sample_password=samples.PASSWORD,
        points_unit=Unit.POINTS,
        wording=wording,
        worded=formats.worded,
    )
    app.jinja_env.filters.update({write.__name__: templating.asked_each_time(write) for write in _WRITTEN})

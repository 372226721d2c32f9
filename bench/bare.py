"""The floor under a page: bare Flask with one statement of SQLAlchemy Core, on the server that the application has."""

import os

from flask import Flask
from sqlalchemy import create_engine, text

from app.cli.running.web import Server
from app.config import settings


def make() -> Flask:
    """Build an application of one page, which shows one row of a table that it looks up by its key."""
    app = Flask("bare")
    engine = create_engine(os.environ["DATABASE_URL"])
    query = text("select code, name from distributor order by id limit 1")

    @app.get("/")
    def page() -> str:
        with engine.connect() as connection:
            code, name = connection.execute(query).one()
        return f"<!doctype html><title>{code}</title><p>{name}</p>"

    return app


if __name__ == "__main__":
    Server(settings(), make).run()

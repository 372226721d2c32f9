"""Extensions, created unbound: the factory binds them to an application."""

from flask_sqlalchemy import SQLAlchemy

from app.models.base import Base

db = SQLAlchemy(metadata=Base.metadata)

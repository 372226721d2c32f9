"""Use cases shared by several rooms. Services never commit; whoever calls them does, once."""

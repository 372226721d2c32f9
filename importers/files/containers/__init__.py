"""Workbooks as containers: their parts, the sheets in them, and how far each goes, without reading its values."""

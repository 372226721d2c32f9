"""Words of files, in the languages of those who send them: of columns, of values, and around the lines."""

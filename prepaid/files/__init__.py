"""Files for card operators, and their answers: as columns of text, before anybody acts on them."""

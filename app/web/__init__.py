"""The pages by audience, and what they have in common: who may see what, forms, lists, words, the look, places."""

"""Rewards that sales bring at once: whoever's document earns enough by a rule gets a reward with it.

The sponsor pays: the points that the reward costs on the day come with it, bound to its order, so that it is ordered,
sent, taxed and reported as every other one. A document brings each once, however often it is corrected; where it earns
it no more, what is not handed over yet is taken back.
"""

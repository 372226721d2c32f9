"""Demonstration data of our own making: an invented Polish tool maker's programme and a year of its sales."""

"""Imported by a process that others are forked from: it is warm from then on."""

from tests.warm import warm

warm()

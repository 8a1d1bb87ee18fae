"""The bank of known mistakes, and what follows from it: names, patterns, printed reports.

A mistake is what is computed, not source text: a few lines over the right functions of its assignment's module.
"""

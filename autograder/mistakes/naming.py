from __future__ import annotations


def diagnose(judge, item, finding, student):
    return []

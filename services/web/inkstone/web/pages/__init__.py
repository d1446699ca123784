"""Answers in HTML."""

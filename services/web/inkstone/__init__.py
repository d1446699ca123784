"""Inkstone: a blog engine for people who run their own."""

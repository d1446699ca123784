"""The native stack: the whole blog on one machine without a container engine, kept under one folder."""

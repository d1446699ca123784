"""The native stack, as a person starts it: real processes on free ports."""

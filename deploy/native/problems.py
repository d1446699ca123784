"""What stops a command, told to a person in one line."""


class ProblemError(Exception):
    """Something a person can put right; its text is the whole message."""

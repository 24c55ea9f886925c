"""What stops a demonstration, as a sentence that says what to do."""


class DemoError(Exception):
    """The message is for the person at the terminal: what is wrong and what to do about it."""

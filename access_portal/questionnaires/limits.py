"""The house's own limits on definitions and answers; a definition may only ask for less."""

from __future__ import annotations

JSON_CHARACTERS = 400_000  # of a definition as text
SECTIONS = 20
QUESTIONS = 100
CHOICES = 60
CHECKS = 40
NAME_CHARACTERS = 40
LABEL_CHARACTERS = 300
HELP_CHARACTERS = 2_000

LINE_CHARACTERS = 1_000  # of an answer on one line
LONG_TEXT_CHARACTERS = 20_000  # of any other; also what a draft may hold of one answer
LINE_DEFAULT = 200
LONG_TEXT_DEFAULT = 4_000
NUMBER = 10**15  # exact in every browser and database
FILE_BYTES = 20 * 1024 * 1024
FILE_NAME_CHARACTERS = 120
ANSWERS_TO_ONE_QUESTION = 100

"""What applicants are asked: form definitions as data, in versions that never change, and the forms built from them.

`applications` keeps the answers and imports from here; nothing here knows of applications.
"""

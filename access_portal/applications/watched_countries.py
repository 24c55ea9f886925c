"""Countries that export rules of the European Union or the United States restrict comprehensively.

A name here is a reason to look, never a reason to refuse. Whoever runs this house keeps the list and its version.
"""

LIST_VERSION = "house list 2026-11"
WATCHED = frozenset({"belarus", "cuba", "iran", "iran, islamic republic of", "north korea", "russia",
                     "russian federation", "syria", "syrian arab republic",
                     "korea, democratic people's republic of", "korea (north)"})  # fmt: skip

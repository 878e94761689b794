"""What a statement of db/queries wants: its parameters in order, read from its own text.

A query's comment names its parameters ("$1 session_id, $2 …") and its casts tell their types ("$1::text[]"). So those who are given
the product's statement follow it when it changes.
"""

import re


class Parameter:
    """A parameter that is an array with an element for each event."""

    def __init__(self, name, element_type):
        self.name = name
        self.element_type = element_type

    def __str__(self):
        return f"{self.name}:{self.element_type}"


def parameters(sql):
    comment = " ".join(line.lstrip("- ") for line in sql.splitlines() if line.startswith("--"))
    names = {int(number): name for number, name in re.findall(r"\$(\d+) ([a-z_]+)", comment)}
    types = {int(number): name for number, name in re.findall(r"\$(\d+)::([a-z]+)\[\]", sql)}
    if not names or names.keys() != types.keys():
        raise ValueError(f"a comment that names each parameter and a cast to an array for each were expected in:\n{sql}")
    return [Parameter(names[number], types[number]) for number in sorted(names)]

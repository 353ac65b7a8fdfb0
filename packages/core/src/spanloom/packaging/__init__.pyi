# Made by tools/make_stubs.py from the table in __init__.py.


__all__ = [
]

"""How induction heads form, by experiments that anybody can run again: a folder a paper, over shared rooms.

`cli` is the door; each room's `__init__` says what belongs there and what does not.
"""

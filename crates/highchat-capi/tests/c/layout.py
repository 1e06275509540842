#!/usr/bin/env python3
"""Compares the example in Python with the header: `layout | layout.py`, from the crate's folder."""

import ctypes
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "examples/python")
import chat


def in_python(kind, name):
    if kind == "number":
        return getattr(chat, name)
    structure, _, field = name.partition(".")
    structure = getattr(chat, "".join(word.title() for word in structure.split("_")))
    return getattr(structure, field).offset if field else ctypes.sizeof(structure)


lines = [line.split() for line in sys.stdin]
wrong = [(name, value) for kind, name, value in lines if in_python(kind, name) != int(value)]
assert len(lines) > 60 and not wrong, wrong
numbers = {name for kind, name, _ in lines if kind == "number"}
repeated = {name for name, value in vars(chat).items() if name.isupper() and isinstance(value, int)}
assert repeated - {"PATIENCE"} == numbers, repeated ^ numbers
print(f"{len(lines)} sizes, offsets and numbers of the header are those of the example in Python")

#!/usr/bin/env python3
"""Writes NormalForm.bin, the data of NormalForm.cs, from Python's copy of the Unicode Character Database: python3 normal_form.py NormalForm.bin

Little endian. Counts of the three tables (3 x uint16), then, each sorted by its first field:
  decompositions  code point (uint32), first (uint32), second (uint32, 0 for none): canonical, not recursive
  compositions    first, second, composite (3 x uint32): the primary composites
  classes         first code point, last code point (uint32), canonical combining class (uint32)
"""
import struct, sys, unicodedata

decompositions, compositions, classes = [], [], []
for c in range(0x110000):
    ch = chr(c)
    if cc := unicodedata.combining(ch):
        if classes and classes[-1][1] == c - 1 and classes[-1][2] == cc: classes[-1][1] = c
        else: classes.append([c, c, cc])
    d = unicodedata.decomposition(ch)
    if d and not d.startswith("<"):
        parts = [int(x, 16) for x in d.split()]
        decompositions.append((c, parts[0], parts[1] if len(parts) == 2 else 0))
        if len(parts) == 2 and unicodedata.normalize("NFC", ch) == ch: compositions.append((parts[0], parts[1], c))
compositions.sort()
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<3H", len(decompositions), len(compositions), len(classes)))
    for table in (decompositions, compositions, classes):
        for row in table: out.write(struct.pack("<3I", *row))

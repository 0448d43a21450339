#!/usr/bin/env python3
"""Writes src/text/unicode_tables.cpp: the runs of letters (\\p{L}) and numbers (\\p{N}) of Unicode 16.0.0.

The version is the one that tiktoken's and Hugging Face's regular expressions carry; scripts/test-tokenizer
compares every code point with theirs. Needs Python 3.14, or the package unicodedata2==16.0.0.
"""
import pathlib
import sys

try:
    import unicodedata2 as unicodedata
except ImportError:
    import unicodedata

VERSION = "16.0.0"
CLASSES = {"L": 1, "N": 2}  # CharClass::letter, CharClass::number in unicode.h


def runs():
    """(first code point, class) wherever the class changes, from U+0000 on."""
    last = None
    for code in range(0x110000):
        char_class = CLASSES.get(unicodedata.category(chr(code))[0], 0)
        if char_class != last:
            yield code, char_class
            last = char_class


def main():
    if unicodedata.unidata_version != VERSION:
        sys.exit(f"this Python knows Unicode {unicodedata.unidata_version}; wanted {VERSION}: "
                 "use Python 3.14 or install unicodedata2==16.0.0")
    words = [f"0x{code << 2 | char_class:x}" for code, char_class in runs()]
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) + 2 > 118:
            lines.append(line)
            line = "   "
        line += f" {word},"
    lines.append(line)
    target = pathlib.Path(__file__).resolve().parent.parent / "src/text/unicode_tables.cpp"
    target.write_text(f"""// Made by scripts/make-unicode-tables.py from Unicode {VERSION}; do not edit.
#include "text/unicode.h"

namespace cria::detail {{

// clang-format off
const std::uint32_t kClassRuns[] = {{
{chr(10).join(lines)}
}};
// clang-format on
const std::size_t kClassRunCount = sizeof(kClassRuns) / sizeof(kClassRuns[0]);

}}  // namespace cria::detail
""")
    print(f"{target}: {len(words)} runs")


if __name__ == "__main__":
    main()

"""Words of others inside a prompt: as JSON between tags, so that nothing in them can end the block or pass for more."""

import json


def quoted(tag: str, note: str, value: object) -> str:
    """A block of this tag: a note by us on what it is, and the value on one line in which no tag can stand."""
    line = json.dumps(value, ensure_ascii=False)
    for sign in "<>&\u2028\u2029\u0085":
        line = line.replace(sign, f"\\u{ord(sign):04x}")
    return f"<{tag}>\n{note}\n{line}\n</{tag}>"

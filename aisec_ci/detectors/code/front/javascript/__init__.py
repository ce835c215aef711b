"""JavaScript and TypeScript as the syntax tree of Python, which the same lowering brings into the intermediate form.

What a program of these languages does with values it does in other words than one in Python: `text.trim()`, `list.push(x)`,
`NAMES.includes(name)`. `translation.py` says it in Python's words, at the places where it stands, so that what is known of conditions,
texts, lists and checks is known of these languages, too.
"""

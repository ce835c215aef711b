"""The search for what untrusted text reaches.

Upwards, each module on those before it: questions about the program (barriers, checks, closed, commands, parameters, texts);
what follows from a value (propagation, writes, uses, arguments, summaries); and over the whole project (solver).
"""

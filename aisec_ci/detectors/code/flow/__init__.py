"""What values can be. Upwards, each module on those before it: val, questions, hierarchy, members, results, evaluation.

`values.Flow` adds which functions calls run, and is what others ask.
"""

"""Every check of what a user gives, and its sentence: arguments, arrays, and what is watched during a fit.

A sentence names the subject, the rule, what came and how to mend it. Nothing here knows what a network is.
"""

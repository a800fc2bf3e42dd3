"""Models as files of other programs; ``Network`` has the methods that users call.

What a file says of where it comes from is in ``origin``. C: ``c_header`` joins what ``c_network`` (the layers),
``c_tests`` (the self-test), ``c_formula`` and ``templates`` (the functions, out of ``functions.h.in``) write.
"""

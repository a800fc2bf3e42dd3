"""Models as files of other programs; ``Network`` has the methods that users call.

What a file says of where it comes from is in ``origin``.

C: ``c_header`` writes a network and ``c_table`` an estimator for tables, both through ``c_assembly``. Layers are in
``c_network``, ``c_inputs`` and ``c_activations``, the way back in ``c_gradient``, the self-test in ``c_tests``; the
code itself is in the files ``*.h.in``, read by ``templates``.
"""

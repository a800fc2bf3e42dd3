"""Models as files of other programs; ``Network`` has the methods that users call.

What a file says of where it comes from is in ``origin``.

C: ``c_header`` writes a network and ``c_table`` an estimator for tables, both through ``c_assembly``. Layers are in
``c_network``, ``c_inputs``, ``c_embeddings`` and ``c_activations``, the way back in ``c_gradient``, the self-test in
``c_tests``; the code itself is in the files ``*.h.in``, read by ``templates``.

ONNX: ``onnx_file`` writes a network and ``onnx_table`` an estimator for tables, both into an ``onnx_graph``. Layers are
in ``onnx_network``, ``onnx_activations`` and ``onnx_formula``. ``onnx_reading`` makes layers of a file, by
``onnx_operators``, ``onnx_values`` and ``onnx_functions``.
"""

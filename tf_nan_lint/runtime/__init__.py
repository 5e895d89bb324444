"""Running code on TensorFlow: slices as functions, witnesses, and the proof that a fix equals its original.

Nothing is imported here: only the modules of this package load TensorFlow and numpy.
"""

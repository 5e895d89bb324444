"""Find TensorFlow and Keras code whose value or gradient becomes NaN, and repair it."""

__version__ = "0.1.0"

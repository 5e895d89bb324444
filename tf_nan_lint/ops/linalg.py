"""stub"""
OPS = ()

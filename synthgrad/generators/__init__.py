"""Synthetic gradients: models that predict a layer's delta = dL/dh, or a module's input, without waiting."""

from synthgrad.generators.generator import Generator, InputModel
from synthgrad.generators.inputs import GENERATOR_INPUTS
from synthgrad.generators.options import GENERATORS, GeneratorOptions, InputModelOptions, OracleOptions
from synthgrad.generators.oracle import Oracle

__all__ = [
    "GENERATORS",
    "GENERATOR_INPUTS",
    "Generator",
    "GeneratorOptions",
    "InputModel",
    "InputModelOptions",
    "Oracle",
    "OracleOptions",
]

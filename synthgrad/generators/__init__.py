"""Synthetic gradients: models of delta = dL/dh that a layer can have at once; and models of its input."""

from synthgrad.generators.generator import Generator
from synthgrad.generators.input_model import InputModel
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

"""Synthetic gradients: models of delta = dL/dh that a layer can have at once; and models of its input."""

from synthgrad.config import Options
from synthgrad.generators.generator import INPUTS, Generator, GeneratorOptions
from synthgrad.generators.input_model import InputModel, InputModelOptions
from synthgrad.generators.oracle import Oracle, OracleOptions

GENERATORS: dict[str, type[Options]] = {"learned": GeneratorOptions, "oracle": OracleOptions}

__all__ = [
    "GENERATORS",
    "INPUTS",
    "Generator",
    "GeneratorOptions",
    "InputModel",
    "InputModelOptions",
    "Oracle",
    "OracleOptions",
]

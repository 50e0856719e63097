"""Synthetic gradients: models of delta = dL/dh that a layer can have at once."""

from synthgrad.generators.generator import INPUTS, Generator, GeneratorOptions

__all__ = ["INPUTS", "Generator", "GeneratorOptions"]

"""Synthetic gradients: models of delta = dL/dh that a layer can have at once."""

from synthgrad.config import Options
from synthgrad.generators.generator import INPUTS, Generator, GeneratorOptions
from synthgrad.generators.oracle import Oracle, OracleOptions

GENERATORS: dict[str, type[Options]] = {"learned": GeneratorOptions, "oracle": OracleOptions}

__all__ = ["GENERATORS", "INPUTS", "Generator", "GeneratorOptions", "Oracle", "OracleOptions"]

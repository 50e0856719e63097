"""synthgrad: decoupled learning by synthetic gradients, one experiment per YAML file."""

__version__ = "0.1.0"

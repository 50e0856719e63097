"""synthgrad: experiments with synthetic gradients, one YAML file each."""

__version__ = "0.1.0"

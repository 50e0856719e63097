"""Arrays in, arrays out: layers, activations, losses, optimisers, initial weights."""

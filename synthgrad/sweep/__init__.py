"""Many runs from one line: the grid of all values, trained as stacks, by processes, or on a cluster."""

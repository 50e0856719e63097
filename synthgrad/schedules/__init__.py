"""When the modules of a network work, and what they wait for."""

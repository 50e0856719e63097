"""``python -m synthgrad``."""

from synthgrad.cli import main

if __name__ == "__main__":
    main()

"""`python -m regulars` is the same as the command `regulars`."""

from regulars.cli import main

if __name__ == "__main__":
    main()

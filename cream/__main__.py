"""`python -m cream` is the `cream` command."""

import sys

from cream.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m pipelines`` is ``actionplan``."""

from pipelines.cli import main

if __name__ == "__main__":
    main()

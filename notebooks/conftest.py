"""How nbval compares the notebooks, wherever it is started from."""


def pytest_collection_modifyitems(items):
    for item in items:
        if hasattr(
            item, "output_timeout"
        ):  # nbval waits 5 s for a cell's output; a busy machine needs longer
            item.output_timeout = 60
            # Of players and widgets the line of text is compared, not the bytes of the sound.
            item.parent.skip_compare = tuple({*item.parent.skip_compare, "text/html"})

"""What stands between the library and a reader: figures, players, widgets, and what exercises are checked with.

Takes what the steps give, scenes above all; shows it. Nothing below knows of it, so that a script or a server needs
neither matplotlib nor a browser. Notebooks: all; 06_live_room for the widgets.
"""

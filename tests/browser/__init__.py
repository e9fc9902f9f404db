"""Tests in a real browser: the widgets' modules alone, and the widgets in JupyterLab with a live kernel."""

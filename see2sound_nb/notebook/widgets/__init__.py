"""Widgets: a live room, and a photo to click on. They need the extra ``lab`` (anywidget, ipywidgets)."""

"""Tests of the notebooks as a course: their form, their text, their exercises, and the editions made from them."""

"""The listening study of section 5.2 and appendix B, as software.

Takes photos (or scenes), and gives a folder with the study: what is asked, the sounds, one page that works alone. A
class answers in browsers or in a notebook; no answer is lost, and the analysis tests each question against its chance
and against a control. `making` makes the folder, `serving` serves it, `widget` shows it in a notebook, `answers` reads
what came, `analysis` counts it.

Notebook: 08_evaluation.
"""

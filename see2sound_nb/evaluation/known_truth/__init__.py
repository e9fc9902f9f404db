"""24 scenes whose truth is known: photo, masks, depth, positions, sounds and responses; and their score.

Built by ``see2sound benchmark build DIR`` from packages that `scenes.json` names; `README.md` is the data card.
Notebook: 08_evaluation.
"""

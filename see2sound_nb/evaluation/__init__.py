"""What the method is worth, on photos of the reader's own (section 5, Table 1).

Takes a folder of photos and a pipeline; gives a line for every photo, written as it ends, and the table with its
controls as rows, CSV and text. Notebook: 08_evaluation.
"""

from see2sound_nb.evaluation.photos import evaluate_photos, find_photos
from see2sound_nb.evaluation.table import Row, describe_table, table_1, write_tables

__all__ = ["Row", "describe_table", "evaluate_photos", "find_photos", "table_1", "write_tables"]

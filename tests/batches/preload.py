"""Given to a Dask worker with ``--preload``: it makes items with the fake pipeline."""

from batches import fakes

from see2sound_nb.batches import making


def dask_setup(worker):
    making.See2Sound, making.save_and_report = fakes.Pipeline, fakes.save_and_report

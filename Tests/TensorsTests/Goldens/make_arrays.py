"""Writes arrays.npz, archives as NumPy writes them: every type that is read, and what is refused.

Needs numpy. `arrays.npz` is of numpy.savez, `arrays-compressed.npz` of numpy.savez_compressed, `arrays-columns.npz`
has an array in column order, `arrays-big.npz` one of big-endian numbers.
"""

from pathlib import Path

import numpy as np

here = Path(__file__).parent
values = [[0, 1, -2], [3, -4, 5]]
arrays = {kind: np.array(values, kind) for kind in ["f8", "f4", "f2", "i8", "i4", "i2", "i1"]}
arrays["u1"] = np.array([[0, 1, 2], [3, 4, 255]], "u1")
arrays["row"] = np.array([0.5, -0.25], "f4")
arrays["one"] = np.array(7, "i8")
arrays["none"] = np.zeros((0, 4), "f4")
np.savez(here / "arrays.npz", **arrays)
np.savez_compressed(here / "arrays-compressed.npz", f4=arrays["f4"])
np.savez(here / "arrays-columns.npz", f4=np.asfortranarray(arrays["f4"]))
np.savez(here / "arrays-big.npz", f4=arrays["f4"].astype(">f4"))

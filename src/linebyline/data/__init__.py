"""Data: loaders that return tensors on the CPU, the same for the same seed.

None needs a network unless it says so. Loaders are imported from their modules
(``from linebyline.data.digits import digits``): here their names would hide the modules.
"""

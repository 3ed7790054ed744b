"""Random numbers with Keras's names: NumPy arrays at once, or values of a network that are drawn anew in each pass."""

from ranvier._lazy import members_of
from ranvier.random.seeds import SeedGenerator as SeedGenerator
from ranvier.random.seeds import draw_seed as draw_seed
from ranvier.random.seeds import generator as generator
from ranvier.random.seeds import preserved as preserved
from ranvier.random.seeds import seed_global as seed_global
from ranvier.random.seeds import seeded as seeded

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]

__getattr__ = members_of("ranvier.random", ("drawing",))

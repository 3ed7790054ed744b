# ruff: noqa: B007, B015, B018, E402, F401, F811, I001, RUF100
# fmt: off
# The code cells of the note 000, with `keras` replaced by `ranvier`.
# %%
from ranvier.models import Sequential
from ranvier.layers import Dense, Activation

# %%
layers = [
    Dense(units=3, input_shape=(2,), activation='relu'),
    Dense(units=2, activation='softmax')
]

# %%
model = Sequential(layers)

# %%
from ranvier.models import Sequential
from ranvier.layers import Dense, Activation

layers = [
    Dense(units=6, input_shape=(8,), activation='relu'),
    Dense(units=6, activation='relu'),
    Dense(units=4, activation='softmax')
]

model = Sequential(layers)

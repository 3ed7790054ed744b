# ruff: noqa: B007, B015, B018, E402, F401, F811, I001, RUF100
# fmt: off
# The code cells of the note 003, with `keras` and `tensorflow.keras` replaced by `ranvier`.
# %%
from ranvier.models import Sequential
from ranvier.layers import Dense, Activation

model = Sequential([
    Dense(5, input_shape=(3,), activation='relu'),
    Dense(2, activation='softmax'),
])

# %%
from ranvier.models import Sequential
from ranvier.layers import Dense, Activation

model = Sequential([
    Dense(5, input_shape=(3,), activation='relu'),
])

# %%
model = Sequential()
model.add(Dense(5, input_shape=(3,)))
model.add(Activation('relu'))

# %%
import ranvier
from ranvier import backend as K
from ranvier.models import Sequential
from ranvier.layers import Activation
from ranvier.layers.core import Dense
from ranvier.optimizers import Adam
from ranvier.metrics import categorical_crossentropy

model = Sequential([
    Dense(16, input_shape=(1,), activation='relu'),
    Dense(32, activation='relu'),
    Dense(2, activation='softmax'),
])

# %%
model.compile(Adam(learning_rate=.0001), loss='sparse_categorical_crossentropy', metrics=['accuracy'])

# %%
#model.fit(scaled_train_samples, train_labels, batch_size=10, epochs=20, shuffle=True, verbose=2)

# ruff: noqa: B007, B015, B018, E402, F401, F811, I001, RUF100
# fmt: off
# The code cells of the note 001, with `keras` replaced by `ranvier`.
# %%
from ranvier.models import Sequential
from ranvier.layers import Dense, Activation

# %%
layers = [
    Dense(3, input_shape=(2,), activation='relu'),
    Dense(2, activation='softmax')
]

model = Sequential(layers)

# %%
layers = [
    # first hidden layer: needs to have input shape specified
    Dense(6, input_shape=(8,), activation='relu'),
    Dense(6, activation='relu'),
    Dense(4, activation='softmax')
]
model = Sequential(layers)

# %%
model = Sequential([
    Dense(5, input_shape=(3,), activation='relu')
])

# %%
model = Sequential()
model.add(Dense(5, input_shape=(3,)))
model.add(Activation('relu'))

# %%
import numpy as np
from random import randint
from sklearn.preprocessing import MinMaxScaler

# %%
train_labels = []
train_samples = []

# %%
for i in range(1000):
    random_younger = randint(13, 64)
    train_samples.append(random_younger)
    train_labels.append(0)

    random_older = randint(65, 100)
    train_samples.append(random_older)
    train_labels.append(1)

for i in range(50):
    random_younger = randint(13, 64)
    train_samples.append(random_younger)
    train_labels.append(1)

    random_older = randint(65, 100)
    train_samples.append(random_older)
    train_labels.append(0)

# %%
len(train_samples) == len(train_labels)

# %%
train_labels = np.array(train_labels)
train_samples = np.array(train_samples)

# %%
train_samples.shape

# %%
train_labels.shape

# %%
train_samples.reshape(2100,1)

# %%
scalar = MinMaxScaler(feature_range=(0, 1))

scaled_train_samples = scalar.fit_transform(train_samples.reshape(len(train_samples), 1))

# %%
scaled_train_samples

# %%
import ranvier
from ranvier import backend as K
from ranvier.models import Sequential
from ranvier.layers import Activation
from ranvier.layers.core import Dense
from ranvier.optimizers import Adam
from ranvier.metrics import categorical_crossentropy

# %%
model = Sequential([
    Dense(6, input_shape = (1,), activation='relu'),
    Dense(32, activation='relu'),
    Dense(2, activation='sigmoid')
])

# %%
model.compile(optimizer=Adam(lr=0.0001), loss='sparse_categorical_crossentropy', metrics=['accuracy'])

# %%
model.fit(x=scaled_train_samples, y=train_labels, batch_size=10, epochs=20, shuffle=True, verbose=2)

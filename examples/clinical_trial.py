"""A first network: will a patient have side effects, given the age? Trains in a fraction of a second.

A drug was tried on 2,100 people from 13 to 100 years old, half of them younger than 65. Of the younger ones 95 % had no
side effects, of the older ones 95 % had: no network can be right about more than 95 % of new patients.
"""

from pathlib import Path
from random import randint

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix
from sklearn.preprocessing import MinMaxScaler

import ranvier
from ranvier.layers import Dense
from ranvier.models import Sequential
from ranvier.optimizers import Adam

PICTURE = Path(__file__).parent / "output" / "clinical_trial.png"


def trial(people: int) -> tuple[np.ndarray, np.ndarray]:
    """Ages, (people, 1), and whether they had side effects; 5 % of each half go against the rule."""
    samples, labels = [], []
    for i in range(people // 2):
        exception = int(i < 0.05 * (people // 2))
        samples += [randint(13, 64), randint(65, 100)]
        labels += [exception, 1 - exception]
    return np.array(samples).reshape(-1, 1), np.array(labels)


def draw(history: ranvier.callbacks.History, tested: dict[str, float]) -> None:
    """Loss and accuracy over the epochs, and on the people whom the network has not seen."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    best = {"loss": -0.95 * np.log(0.95) - 0.05 * np.log(0.05), "accuracy": 0.95}
    for panel, name in zip(figure.subplots(1, 2), best, strict=True):
        panel.plot(range(1, 21), history.history[name], marker=".", label="training")
        panel.plot(20, tested[name], "o", color="tab:orange", label="new patients")
        panel.axhline(best[name], color="gray", linestyle="--", label="best possible")
        panel.set(title=name.capitalize(), xlabel="epoch", xticks=range(0, 21, 5))
        panel.legend()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120)


ranvier.utils.set_random_seed(1)
train_samples, train_labels = trial(2100)
test_samples, test_labels = trial(420)
scaler = MinMaxScaler(feature_range=(0, 1))
scaled_train_samples = scaler.fit_transform(train_samples)
scaled_test_samples = scaler.transform(test_samples)

model = Sequential(
    [
        Dense(16, input_shape=(1,), activation="relu"),
        Dense(32, activation="relu"),
        Dense(2, activation="softmax"),
    ]
)
model.summary()
model.compile(Adam(learning_rate=0.0001), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x=scaled_train_samples, y=train_labels, batch_size=10, epochs=20, shuffle=True, verbose=2)

loss, accuracy = model.evaluate(scaled_test_samples, test_labels, verbose=0)
predicted = model.predict(scaled_test_samples).argmax(axis=1)
print(f"\nOn {len(test_labels)} new patients: loss {loss:.4f}, accuracy {accuracy:.4f}\n")
print(f"{'':<15} predicted: no  yes")
for name, (no, yes) in zip(("no side effects", "side effects"), confusion_matrix(test_labels, predicted), strict=True):
    print(f"{name:<15} {no:>13} {yes:>4}")

draw(history, {"loss": loss, "accuracy": accuracy})
print(f"\nLoss and accuracy over the epochs: {PICTURE}")

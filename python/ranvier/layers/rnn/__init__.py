"""Layers for sequences: recurrent ones, their cells, and what wraps them."""

from ranvier.layers.rnn.bidirectional import Bidirectional
from ranvier.layers.rnn.gru import GRU, GRUCell
from ranvier.layers.rnn.lstm import LSTM, LSTMCell
from ranvier.layers.rnn.rnn import RNN
from ranvier.layers.rnn.simple_rnn import SimpleRNN, SimpleRNNCell
from ranvier.layers.rnn.stacked_rnn_cells import StackedRNNCells
from ranvier.layers.rnn.time_distributed import TimeDistributed

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Bidirectional",
    "GRUCell",
    "LSTMCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
    "TimeDistributed",
]

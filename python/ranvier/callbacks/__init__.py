"""Callbacks: what is called while a model runs."""

from ranvier.callbacks.callback import Callback
from ranvier.callbacks.callback_list import CallbackList
from ranvier.callbacks.history import History
from ranvier.callbacks.lambda_callback import LambdaCallback

__all__ = ["Callback", "CallbackList", "History", "LambdaCallback"]

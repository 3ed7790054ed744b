"""Callbacks: what is called while a model runs."""

from typing import TYPE_CHECKING

from ranvier import _lazy
from ranvier.callbacks.callback import Callback
from ranvier.callbacks.callback_list import CallbackList
from ranvier.callbacks.history import History

if TYPE_CHECKING:
    from ranvier.callbacks.backup_and_restore import BackupAndRestore
    from ranvier.callbacks.csv_logger import CSVLogger
    from ranvier.callbacks.early_stopping import EarlyStopping
    from ranvier.callbacks.gradient_monitor import GradientMonitor
    from ranvier.callbacks.json_logger import JSONLogger
    from ranvier.callbacks.lambda_callback import LambdaCallback
    from ranvier.callbacks.learning_rate_scheduler import LearningRateScheduler
    from ranvier.callbacks.model_checkpoint import ModelCheckpoint
    from ranvier.callbacks.monitor import MonitorCallback
    from ranvier.callbacks.progbar_logger import ProgbarLogger
    from ranvier.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
    from ranvier.callbacks.tensorboard import TensorBoard
    from ranvier.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "GradientMonitor",
    "History",
    "JSONLogger",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
]

if not TYPE_CHECKING:
    _LAZY = (
        "early_stopping model_checkpoint lambda_callback learning_rate_scheduler reduce_lr_on_plateau csv_logger "
        "json_logger terminate_on_nan progbar_logger monitor tensorboard gradient_monitor backup_and_restore"
    )
    __getattr__ = _lazy.members_of(__name__, _LAZY.split())

"""The Lambda entry point of the recorder: `runtime.orchestration.recorder.handler.lambda_handler`."""

from runtime.orchestration.output import Output, standard_output
from runtime.orchestration.recorder.recorder import Recorder
from runtime.orchestration.settings import Settings
from runtime.ports import Ports

lambda_handler = Recorder(Settings.load(), Ports(log=Output(standard_output())))

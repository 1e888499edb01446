"""A run and its recording: the thirteen steps, what the parties journalled at each, and how two recordings differ."""

from walkthrough.record.recorded import RecordedStep, Recording, Row, all_steps
from walkthrough.record.recording_file import read_recording
from walkthrough.record.steps import LIFELINES, STEPS, StepWords

__all__ = ["LIFELINES", "STEPS", "RecordedStep", "Recording", "Row", "StepWords", "all_steps", "read_recording"]

"""The report of a run as one HTML file."""

from onnxprobe.report.html.page import write_report as write_report

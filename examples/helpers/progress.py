# progress.py
from toriconfig.pipeline import ProgressTracker, track

with ProgressTracker(total=200, min_change=25, on_report=lambda report: print(f"{report.percent:.0f} %")) as progress:
    for _ in range(200):
        progress.update_sync()

for _ in track(range(4), min_change=50, on_report=lambda report: print(report.count, "of", report.total)):
    pass

"""Labels of tags, as PDF in true millimetres, decoded again before they are handed out."""

from reports.labels.content import Label, label
from reports.labels.printing import LabelUnreadable, print_labels
from reports.labels.sheets import Sheet, sheets

__all__ = ["Label", "LabelUnreadable", "Sheet", "label", "print_labels", "sheets"]

"""Adds up pytest's JUnit reports into one line, ``N passed, N failed, N skipped``; fails if any failed."""

import sys
from collections import Counter
from xml.etree import ElementTree as ET

counts: Counter[str] = Counter()
for path in sys.argv[1:]:
    for suite in ET.parse(path).getroot().iter("testsuite"):  # noqa: S314  # pytest's own reports, not hostile
        for kind in ("tests", "failures", "errors", "skipped"):
            counts[kind] += int(suite.attrib[kind])

failed = counts["failures"] + counts["errors"]
passed = counts["tests"] - failed - counts["skipped"]
print(f"{passed} passed, {failed} failed, {counts['skipped']} skipped")  # noqa: T201
sys.exit(failed > 0 or passed == 0)

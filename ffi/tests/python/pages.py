"""The Python that pages show does what they say."""

import pathlib
import re

from checks import passed

ROOT = pathlib.Path(__file__).parents[3]


def blocks(page):
    """Returns the Python of a page, block by block."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def the_readme_runs():
    (quick_start,) = blocks("README.md")
    names = {}
    exec(quick_start, names)
    # Half of ln 2, and half of the dice loss of one half everywhere where there is nothing.
    assert f"{names['value']:.6f}" == "0.846574", names["value"]
    assert names["gradient"].shape == names["logits"].shape


def the_page_on_targets_runs():
    (examples,) = blocks("docs/targets.md")
    names = {}
    exec(examples, names)
    assert names["band"].shape == (4, 4)


passed(the_readme_runs, the_page_on_targets_runs)

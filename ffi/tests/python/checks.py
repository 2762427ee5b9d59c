"""What the tests of the Python module have in common."""

import numpy as np

import segloss


def sigmoid(z):
    """Returns the probability that a logit means."""
    return 1 / (1 + np.exp(-z))


def refused(code, says, call, *arguments, **options):
    """Checks that a call fails with a result code and says so."""
    try:
        call(*arguments, **options)
    except segloss.Error as error:
        assert error.code == f"SEGLOSS_RESULT_{code}", (error.code, error)
        assert says in str(error), error
    else:
        raise AssertionError(f"not refused: {says}")


def raises(kind, says, call, *arguments, **options):
    """Checks that a call raises an exception that says so."""
    try:
        call(*arguments, **options)
    except kind as error:
        assert says in str(error), error
    else:
        raise AssertionError(f"no {kind}: {says}")


def passed(*tests):
    """Runs tests, and tells that all of them passed."""
    for test in tests:
        test()
    print("all checks passed")

"""The checker finds what it is there to find."""
from checker import linearizable
from model import FAILED, step


def check(*operations, state=(0,)):
    return linearizable(operations, state, step)


def test_a_sequence_is_linearizable():
    assert check((0, 1, ("put", 0, 5), 0), (2, 3, ("get", 0), 5))


def test_a_stale_read_is_not():
    assert not check((0, 1, ("put", 0, 5), 0), (2, 3, ("get", 0), 0))


def test_an_overlapping_read_may_see_either():
    for seen in (0, 5):
        assert check((0, 3, ("put", 0, 5), 0), (1, 2, ("get", 0), seen))
    assert not check((0, 3, ("put", 0, 5), 0), (1, 2, ("get", 0), 7))


def test_reads_never_go_back():
    assert not check((0, 9, ("put", 0, 5), 0), (1, 2, ("get", 0), 5), (3, 4, ("get", 0), 0))


def test_a_lost_update_is_found():
    assert not check((0, 3, ("add", 0, 1), 1), (1, 2, ("add", 0, 1), 1))
    assert check((0, 3, ("add", 0, 1), 2), (1, 2, ("add", 0, 1), 1))


def test_an_unknown_outcome_may_have_happened_late_or_never():
    unknown = (0, None, ("put", 0, 5), None)
    assert check(unknown, (1, 2, ("get", 0), 0), (3, 4, ("get", 0), 5))
    assert check(unknown, (1, 2, ("get", 0), 0))
    assert not check(unknown, (1, 2, ("get", 0), 5), (3, 4, ("get", 0), 0))


def test_a_torn_transaction_is_found():
    transfer = (0, 9, ("transfer", 0, 1, 3), None)
    assert not check(transfer, (1, 2, ("get_all",), (0, 0)), state=(3, 0))
    assert check(transfer, (1, 2, ("get_all",), (0, 3)), state=(3, 0))
    assert check((0, 9, ("transfer", 0, 1, 4), FAILED), state=(3, 0))

"""A linearizability checker for short histories: Wing and Gong's search with Lowe's memory of seen states.

An operation is (start, end, call, answer); `end` is None when the answer is unknown (the server was killed):
it then took effect once at any time after `start`, or never. `step(state, call)` gives (new state, answer).
"""


def linearizable(operations, state, step):
    """Is there an order of the operations that respects their times and explains every answer?

    `state` is hashable. Cost: exponential in the number of operations that overlap, linear in their total.
    """
    operations = sorted(operations, key=lambda o: o[0])
    everything = sum(1 << i for i, o in enumerate(operations) if o[1] is not None)
    seen = set()
    stack = [(0, state)]
    while stack:
        done, state = stack.pop()
        if done & everything == everything:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        earliest_end = None  # of those not yet in order: what starts later can't come next
        for i, (start, end, call, answer) in enumerate(operations):
            if done >> i & 1:
                continue
            if earliest_end is not None and start > earliest_end:
                break
            after, expected = step(state, call)
            if end is None or answer == expected:
                stack.append((done | 1 << i, after))
            if end is not None and (earliest_end is None or end < earliest_end):
                earliest_end = end
    return False

"""What each call does to the numbers of one group of items: the sequential meaning that histories are checked against.

A state is a tuple of the items' numbers, None for no item. Answers are what the service tells the caller.
"""
FAILED = "condition failed"


def replaced(state, index, value):
    return state[:index] + (value,) + state[index + 1:]


def step(state, call):
    kind, *arguments = call
    return STEPS[kind](state, *arguments)


def get(state, index):
    return state, state[index]


def put(state, index, value):
    return replaced(state, index, value), state[index]


def put_if(state, index, expected, value):
    return (replaced(state, index, value), None) if state[index] == expected else (state, FAILED)


def delete(state, index):
    return replaced(state, index, None), state[index]


def add(state, index, amount):
    total = (state[index] or 0) + amount
    return replaced(state, index, total), total


def transfer(state, source, target, amount):
    """Both adds, if the source has the amount."""
    if state[source] is None or state[source] < amount:
        return state, FAILED
    state = replaced(state, source, state[source] - amount)
    return replaced(state, target, (state[target] or 0) + amount), None


def get_all(state):
    return state, state


STEPS = {f.__name__: f for f in (get, put, put_if, delete, add, transfer, get_all)}

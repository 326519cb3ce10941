"""What an apply of several workspaces shows does not depend on which of them is faster."""

from hypothesis import given, settings
from hypothesis import strategies as st

from beamctl.workflow.apply_all import InOrder


@settings(max_examples=50)
@given(st.data(), st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_streams_are_passed_on_in_order_whichever_ends_first(data: st.DataObject, lengths: list[int]) -> None:
    arrivals = data.draw(st.permutations([stream for stream, length in enumerate(lengths) for _ in range(length)]))
    in_order: InOrder[int] = InOrder()
    came = [0] * len(lengths)
    shown: list[tuple[int, int]] = []
    for count, stream in enumerate(arrivals, 1):
        came[stream] += 1
        shown += in_order.add(stream, came[stream], is_last=came[stream] == lengths[stream])
        ended = next((each for each, length in enumerate(lengths) if came[each] < length), len(lengths))
        assert len(shown) >= sum(lengths[:ended]), f"held back after {count} arrivals"
    assert shown == [(stream, item + 1) for stream, length in enumerate(lengths) for item in range(length)]

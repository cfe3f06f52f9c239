"""Clusters are a pure function of edges and decisions, and their ids live for good."""

import random

from hypothesis import given
from hypothesis import strategies as st

from index.cluster import assign, partition

RECORDS = [f"m/{n}" for n in range(8)]
pair = (
    st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS))
    .filter(lambda p: p[0] != p[1])
    .map(lambda p: tuple(sorted(p)))
)
pairs = st.lists(pair, max_size=10)


@given(edges=pairs, same=st.lists(pair, max_size=3), different=st.lists(pair, max_size=3), seed=st.randoms())
def test_the_order_of_arrival_means_nothing(edges: list, same: list, different: list, seed: random.Random) -> None:  # type: ignore[type-arg]
    first = partition(RECORDS, edges, same, different)
    for given_list in (edges, same, different):
        seed.shuffle(given_list)
    shuffled = seed.sample(RECORDS, len(RECORDS))
    assert partition(shuffled, edges, same, different) == first
    assert sorted(record for group in first for record in group) == sorted(RECORDS)


@given(edges=pairs, different=st.lists(pair, max_size=4))
def test_what_people_part_is_never_together(edges: list, different: list) -> None:  # type: ignore[type-arg]
    where = {record: n for n, group in enumerate(partition(RECORDS, edges, [], different)) for record in group}
    assert all(where[a] != where[b] for a, b in different)


def test_an_id_stays_with_the_larger_part() -> None:
    ids, aliases = assign([["a", "b"], ["c"]], {"a": "x", "b": "x", "c": "x"}, lambda _: False)
    assert (ids["a"], ids["b"], aliases) == ("x", "x", {})
    assert ids["c"] not in ("x", "")


def test_an_id_that_disappears_is_followed_by_the_one_that_has_its_records() -> None:
    ids, aliases = assign([["a", "b", "c"]], {"a": "x", "b": "y", "c": "y"}, lambda _: False)
    assert set(ids.values()) == {"y"}
    assert aliases == {"x": "y"}


def test_an_id_that_was_given_is_never_given_again() -> None:
    (first,) = assign([["a"]], {}, lambda _: False)[0].values()
    (second,) = assign([["a"]], {}, lambda id_: id_ == first)[0].values()
    assert first != second


@given(before=st.dictionaries(st.sampled_from(RECORDS), st.sampled_from("xyz")), edges=pairs)
def test_every_group_has_one_id_and_no_id_two_groups(before: dict[str, str], edges: list) -> None:  # type: ignore[type-arg]
    groups = partition(RECORDS, edges, [], [])
    ids, aliases = assign(groups, before, lambda _: False)
    assert all(len({ids[record] for record in group}) == 1 for group in groups)
    assert len(set(ids.values())) == len(groups)
    assert not set(aliases) & set(ids.values())
    assert set(aliases.values()) <= set(ids.values())

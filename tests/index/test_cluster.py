"""Clusters are a pure function of edges and decisions, and their ids live for good."""

import random
from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from index.cluster import WORK_MOST, Pair, assign, drawn, partition, works

RECORDS = [f"m/{n}" for n in range(8)]
pair = (
    st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS))
    .filter(lambda p: p[0] != p[1])
    .map(lambda p: tuple(sorted(p)))
)
pairs = st.lists(pair, max_size=10)


points = st.dictionaries(pair, st.integers(20, 23), max_size=10)


@settings(deadline=None, max_examples=50)
@given(
    edges=points,
    same=st.lists(pair, max_size=3),
    different=st.lists(pair, max_size=3),
    against=pairs,
    seed=st.randoms(),
)
def test_the_order_of_arrival_means_nothing(
    edges: dict[Pair, int], same: list[Pair], different: list[Pair], against: list[Pair], seed: random.Random
) -> None:
    first = partition(RECORDS, edges, same, different, against)
    for _ in range(20):
        for some in (same, different, against):
            seed.shuffle(some)
        turned = [seed.sample(pair, 2) for pair in seed.sample([*edges], len(edges))]
        shuffled = {(a, b): edges[min(a, b), max(a, b)] for a, b in turned}
        assert partition(seed.sample(RECORDS, len(RECORDS)), shuffled, same, different, against) == first
    assert sorted(record for group in first.groups for record in group) == sorted(RECORDS)


@given(edges=points, same=st.lists(pair, max_size=3), different=st.lists(pair, max_size=4), against=pairs)
def test_what_is_parted_is_never_together(
    edges: dict[Pair, int], same: list[Pair], different: list[Pair], against: list[Pair]
) -> None:
    found = partition(RECORDS, edges, same, different, against)
    where = {record: n for n, group in enumerate(found.groups) for record in group}
    assert all(where[a] != where[b] for a, b in different)
    if not same:
        assert all(where[a] != where[b] for a, b in against)
    for link, because in found.refused.items():
        assert where[link[0]] != where[link[1]], "what is refused is not followed"
        assert {where[record] for record in because} <= {where[record] for record in link} or same


def test_a_contradiction_is_refused_where_the_points_are_fewest() -> None:
    edges = {("a", "b"): 60, ("b", "c"): 30}
    found = partition("abc", edges, against=[("a", "c")])
    assert found.groups == [["a", "b"], ["c"]]
    assert found.refused == {("b", "c"): ("a", "c")}


def test_what_people_decided_is_stronger_than_a_contradiction() -> None:
    edges = {("a", "b"): 60, ("b", "c"): 30}
    assert partition("abc", edges, same=[("a", "c")], against=[("a", "c")]).groups == [["a", "b", "c"]]
    found = partition("abc", edges, same=[("a", "b")], different=[("b", "a")])
    assert (found.groups, found.refused) == ([["a"], ["b", "c"]], {("a", "b"): ("a", "b")})


def test_hundreds_of_records_of_one_title_take_no_time() -> None:
    records = [f"m/{n:03}" for n in range(300)]
    edges = {(a, b): 20 for n, a in enumerate(records) for b in records[n + 1 :]}
    against = {(a, b) for a in records[:150] for b in records[150:]}
    edges = dict.fromkeys(edges.keys() - against, 20) | {(records[0], records[299]): 20}
    assert [len(group) for group in partition(records, edges, against=against).groups] == [150, 150]


def test_titles_of_one_work_go_by_the_first_of_them() -> None:
    ids = {"a": "t3", "b": "t1", "c": "t2", "d": "t4"}
    assert works(ids, {("a", "b"): 10, ("b", "c"): 5}) == {"t1": "t1", "t2": "t1", "t3": "t1"}
    assert works({"a": "t", "b": "t"}, {("a", "b"): 10}) == {}, "a title alone is no work"


def test_a_work_has_its_bound() -> None:
    ids = {f"{n:03}": f"t{n:03}" for n in range(WORK_MOST + 5)}
    names = sorted(ids)
    found = works(ids, dict.fromkeys(pairwise(names), 1))
    assert max(Counter(found.values()).values()) <= WORK_MOST


def test_an_id_stays_with_the_larger_part() -> None:
    ids, aliases = assign([["a", "b"], ["c"]], {"a": "x", "b": "x", "c": "x"}, lambda _: set())
    assert (ids["a"], ids["b"], aliases) == ("x", "x", {})
    assert ids["c"] not in ("x", "")


def test_an_id_that_disappears_is_followed_by_the_one_that_has_its_records() -> None:
    ids, aliases = assign([["a", "b", "c"]], {"a": "x", "b": "y", "c": "y"}, lambda _: set())
    assert set(ids.values()) == {"y"}
    assert aliases == {"x": "y"}


def test_what_was_joined_and_is_parted_has_the_ids_that_it_had() -> None:
    """c, d and e had an id of their own, drawn when d was the first of them; joined they were the larger part of x."""
    was = drawn("d")
    before = dict.fromkeys("abcde", drawn("a"))
    ids, _ = assign([["a", "b"], ["c", "d", "e"]], before, lambda _: set(), lambda some: {was} & set(some))
    assert ids == dict.fromkeys("ab", drawn("a")) | dict.fromkeys("cde", was)


def test_an_id_that_another_title_has_is_not_given() -> None:
    (first,) = assign([["a"]], {}, lambda _: set())[0].values()
    (second,) = assign([["a"]], {}, lambda some: {first} & set(some))[0].values()
    assert first != second


@given(before=st.dictionaries(st.sampled_from(RECORDS), st.sampled_from("xyz")), edges=pairs)
def test_every_group_has_one_id_and_no_id_two_groups(before: dict[str, str], edges: list) -> None:  # type: ignore[type-arg]
    groups = partition(RECORDS, dict.fromkeys(edges, 1)).groups
    ids, aliases = assign(groups, before, lambda _: set())
    assert all(len({ids[record] for record in group}) == 1 for group in groups)
    assert len(set(ids.values())) == len(groups)
    assert not set(aliases) & set(ids.values())
    assert set(aliases.values()) <= set(ids.values())

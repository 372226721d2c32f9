"""Documents are cut into shards: distributors do not meet, and order stays where it matters."""

import itertools
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from importers.batches.sharding import Shard, cut
from importers.batches.store import BatchFiles
from tests.importers.typed.results import Result, line
from verification.incoming import Incoming, document_keys
from verification.recognising import content_hashes

# --- sharding -----------------------------------------------------------------------------------------------------


@st.composite
def incomings(draw: st.DrawFn) -> Incoming:
    sizes = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 12)), min_size=1, max_size=30))
    rows = []
    for at, (who, lines) in enumerate(sizes):
        day = draw(st.integers(1, 28))
        rows += [line(f"N{at}", distributor=f"D{who}", date=f"2026-03-{day:02d}", net=str(at)) for _ in range(lines)]
    result = Result(rows)
    assert not result.outcomes
    return result.incoming


def keys_and_lines(incoming: Incoming) -> list[tuple[str, list[int]]]:
    lines = incoming.sales.lines
    assert (np.diff(lines.document) >= 0).all(), "lines stand together, in the order of their documents"
    return [(key, lines.source_row[lines.document == at].tolist()) for at, key in enumerate(document_keys(incoming))]


def distributors_of(shard: Shard) -> set[int]:
    return set(shard.incoming.sales.documents.distributor_id.tolist())


@settings(max_examples=50, deadline=None)
@given(incoming=incomings(), size=st.integers(1, 40))
def test_every_document_is_in_one_shard_and_distributors_do_not_meet(incoming: Incoming, size: int) -> None:
    whole = keys_and_lines(incoming)
    shards = list(cut(incoming, size, one_lane=False))
    found = [one for shard in shards for one in keys_and_lines(shard.incoming)]
    assert sorted(found) == sorted(whole), "nothing lost, nothing twice, every line with its document"
    place = {key: at for at, (key, _) in enumerate(whole)}
    lanes: dict[str, list[Shard]] = defaultdict(list)
    seen: Counter[int] = Counter()
    weights = Counter(incoming.sales.documents.distributor_id[incoming.sales.lines.document].tolist())
    for shard in shards:
        places = [place[key] for key, _ in keys_and_lines(shard.incoming)]
        assert places == sorted(places), "within a shard documents stay in counting order"
        assert places, "no shard is empty"
        if shard.lane is None:
            seen.update(distributors_of(shard))
            assert len(shard.incoming.sales.lines) < 2 * size
        else:
            lanes[shard.lane].append(shard)
    assert max(seen.values(), default=1) == 1, "a distributor is never in two shards that run side by side"
    for lane, own in lanes.items():
        [who] = {one for shard in own for one in distributors_of(shard)}
        assert lane == f"distributor:{who}"
        assert who not in seen
        assert weights[who] > size
        assert [shard.order for shard in own] == list(range(len(own)))
        for first, second in itertools.pairwise(own):
            assert place[document_keys(first.incoming)[-1]] < place[document_keys(second.incoming)[0]]
        assert len(own) <= weights[who] // size + 1
    assert all(weights[who] <= size for who in seen)


@settings(max_examples=50, deadline=None)
@given(incoming=incomings(), size=st.integers(1, 40))
def test_a_single_lane_keeps_counting_order(incoming: Incoming, size: int) -> None:
    shards = list(cut(incoming, size, one_lane=True))
    assert {shard.lane for shard in shards} == {"all"}
    assert [shard.order for shard in shards] == list(range(len(shards)))
    found = [one for shard in shards for one in keys_and_lines(shard.incoming)]
    assert found == keys_and_lines(incoming)


def test_a_distributor_of_exactly_the_size_needs_no_lane() -> None:
    rows = [line(f"N{at}", distributor="D1") for at in range(10)]
    [shard] = cut(Result(rows).incoming, 10, one_lane=False)
    assert shard.lane is None
    lanes = list(cut(Result([*rows, line("N10")]).incoming, 10, one_lane=False))
    assert [one.lane for one in lanes] == ["distributor:101", "distributor:101"]


@settings(max_examples=50, deadline=None)
@given(incoming=incomings(), size=st.integers(1, 40))
@example(incoming=Result([line()]).incoming, size=1)
def test_a_shard_comes_back_from_disk_as_it_was(incoming: Incoming, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = BatchFiles(Path(folder), 7)
        files.folder.mkdir(parents=True)
        for position, shard in enumerate(cut(incoming, size, one_lane=False)):
            again = files.load_shard(files.save_shard(position, shard.incoming))
            assert keys_and_lines(again) == keys_and_lines(shard.incoming)
            assert content_hashes(again.sales) == content_hashes(shard.incoming.sales)
            assert again.total_minor.tolist() == shard.incoming.total_minor.tolist()
            for name in shard.incoming.sales.documents.__dataclass_fields__:
                before, after = (getattr(one.sales.documents, name) for one in (shard.incoming, again))
                assert before.tolist() == after.tolist()
                assert before.dtype.kind == after.dtype.kind
        files.drop_readings(waiting=None)
        assert list(files.folder.iterdir()) == []

"""Beams of parses: against all readings of short documents, and as a component."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thinc.api import fix_random_seed

import spanloom
from spanloom import Doc
from spanloom.errors import PipelineError
from spanloom_tasks.parser.beam_training import beam_update
from spanloom_tasks.parser.trees import GoldTrees
from spanloom_tasks.transitions.arc_eager import ParserActions, ParserStates, parse
from spanloom_tasks.transitions.arc_eager_beam import Beam, Bounds
from spanloom_tasks.transitions.arc_eager_oracle import sentence_starts

from .support import TREES, arcs, parsed, taught, transitions
from .test_transitions_arc_eager import documents

MODEL = transitions("parser")
ACTIONS = ParserActions([0, 1, 2], [2, 1, 0])


class RandomScorer:
    size = 8

    def __init__(self, tokens, seed, scale=1.0):
        rng = np.random.default_rng(seed)
        self.table = scale * rng.normal(size=(8, tokens + 1, ACTIONS.size))

    def scores(self, ids):
        return sum(self.table[place, ids[:, place]] for place in range(8))


def beam(scorer, lengths, width, density=0.0, breaks=None, bounds=None):
    lengths = np.asarray(lengths)
    if breaks is None:
        breaks = np.ones(lengths.sum(), dtype=bool)
    found = Beam(scorer, lengths, ACTIONS, width, density, Bounds(bounds, breaks))
    while found.goes_on:
        found.advance()
    return found


def readings(scorer, size):
    """All readings of a document of ``size`` tokens: the actions of each, its tree, and the
    logarithm of its chance."""
    found, open_ = [], [((), 0.0)]
    while open_:
        taken, chance = open_.pop()
        states = ParserStates(np.array([size]), breaks=np.ones(size, dtype=bool))
        for action in taken:
            states.apply(ACTIONS.kinds[[action]], ACTIONS.relations[[action]])
        if not len(states.docs):
            trees = states.trees()
            found.append((taken, (trees.heads.tolist(), trees.relations.tolist()), chance))
            continue
        scores = scorer.scores(states.ids(8))[0]
        valid = ACTIONS.valid[states.number[0]]
        total = np.log(np.exp(scores[valid]).sum())
        open_ += [
            ((*taken, action), chance + scores[action] - total)
            for action in np.flatnonzero(valid).tolist()
        ]
    return sorted(found, key=lambda each: -each[2])


@given(st.integers(1, 3), st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_a_wide_beam_has_all_readings_the_best_first(size, seed):
    scorer = RandomScorer(size, seed)
    every = readings(scorer, size)
    assert sum(np.exp(chance) for *_, chance in every) == pytest.approx(1.0)
    found = beam(scorer, [size], len(every) + 3)
    order, shares = found.ranked()
    chances = [np.exp(chance) for *_, chance in every]
    assert shares[0, : len(every)] == pytest.approx(chances)
    taken = found.actions()[:, 0]
    for rank in range(min(len(every), 5)):
        trees = found.trees(order[:, rank])
        own = tuple(a for a in taken[:, order[0, rank]].tolist() if a >= 0)
        assert own == every[rank][0]
        assert (trees.heads.tolist(), trees.relations.tolist()) == every[rank][1]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 10**6), st.data())
@settings(max_examples=40, deadline=None)
def test_one_reading_is_that_of_the_parser(lengths, seed, data):
    size = sum(lengths)
    scorer = RandomScorer(size, seed)
    breaks = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    ends = np.repeat(np.cumsum(lengths), lengths)
    cuts = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    cuts = np.append(np.flatnonzero(cuts), np.cumsum(lengths))
    cuts.sort()
    bounds = cuts[np.searchsorted(cuts, np.arange(size), side="right")]
    assert (bounds <= ends).all()
    wanted = parse(scorer, np.array(lengths), ACTIONS, bounds=bounds, breaks=breaks)
    found = beam(scorer, lengths, 1, breaks=breaks, bounds=bounds)
    trees = found.trees(np.zeros(len(lengths), dtype=int))
    for name in ("heads", "relations", "starts"):
        assert np.array_equal(getattr(trees, name), getattr(wanted, name))


@given(st.lists(st.integers(1, 14), min_size=2, max_size=5), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_readings_do_not_depend_on_the_documents_beside(lengths, seed):
    scorer = RandomScorer(sum(lengths), seed)
    together = beam(scorer, lengths, 5)
    begin = 0
    for doc, length in enumerate(lengths):

        class Part:
            size = 8

            def scores(self, ids, begin=begin, length=length):
                return scorer.scores(np.where(ids == length, sum(lengths), ids + begin))

        alone = beam(Part(), [length], 5)
        assert np.sort(alone.scores[0]) == pytest.approx(np.sort(together.scores[doc]))
        # The score of a reading is that of its actions taken one after the other: what is copied
        # between slots is all that counts.
        best = alone.ranked()[0][0, :1]
        taken = alone.actions()[:, 0, best[0]]
        states = ParserStates(np.array([length]), breaks=np.ones(length, dtype=bool))
        total = 0.0
        for action in taken[taken >= 0].tolist():
            scores = Part().scores(states.ids(8))[0]
            valid = ACTIONS.valid[states.number[0]]
            total += scores[action] - np.log(np.exp(scores[valid]).sum())
            states.apply(ACTIONS.kinds[[action]], ACTIONS.relations[[action]])
        assert total == pytest.approx(alone.scores[0].max())
        assert not len(states.docs)
        begin += length


@given(documents(), st.integers(0, 10**6), st.sampled_from([1, 3, 8]))
@settings(max_examples=40, deadline=None)
def test_the_right_readings_alone_give_the_true_trees(case, seed, width):
    lengths, heads, relations = (np.asarray(each) for each in case)
    starts = sentence_starts(heads, lengths)
    own = Beam(
        RandomScorer(len(heads), seed),
        lengths,
        ACTIONS,
        width,
        0.0,
        Bounds(None, np.ones(len(heads), dtype=bool)),
        true=(heads, relations, starts),
        only_good=True,
    )
    while own.goes_on:
        own.advance()
    order, _ = own.ranked()
    assert own.clean.all()
    for rank in range(width):
        trees = own.trees(order[:, rank])
        assert np.array_equal(trees.heads, heads)
        roots = heads == np.arange(len(heads))
        assert np.array_equal(trees.relations[~roots], relations[~roots])
        assert np.array_equal(trees.starts, starts)


def test_the_gradient_is_that_of_the_loss():
    heads, relations = np.array([1, 1, 1, 4, 4]), np.array([0, -1, 1, 0, -1])
    lengths = np.array([3, 2])
    gold = GoldTrees(lengths, heads, relations, sentence_starts(heads, lengths))
    scorer = RandomScorer(5, 3)

    def update():
        return beam_update(scorer, gold, ACTIONS, 4, 0.0)

    loss, (ids, gradient) = update()
    assert loss > 0
    table = np.zeros(scorer.table.shape)
    for place in range(8):
        np.add.at(table[place], ids[:, place], gradient)
    rng = np.random.default_rng(0)
    for place, token, action in zip(*(rng.integers(0, n, 60) for n in table.shape)):
        before = scorer.table[place, token, action]
        values = []
        for step in (1e-5, -1e-5):
            scorer.table[place, token, action] = before + step
            values.append(update()[0])
        scorer.table[place, token, action] = before
        assert (values[0] - values[1]) / 2e-5 == pytest.approx(
            table[place, token, action], abs=1e-4
        )


def test_the_component_learns_trees_and_gives_scores():
    fix_random_seed(0)
    nlp, parser, _ = taught("beam_parser", MODEL, parsed, 60, min_action_freq=1, beam_width=4)
    for text, heads, deps in TREES:
        assert arcs(nlp(Doc(nlp.vocab, words=text.split()))) == (heads, deps)
    docs = [Doc(nlp.vocab, words=words) for words in (["birds", "sing"], [], ["\n"], ["she"])]
    heads, labels = parser.scored_parses(docs)
    assert heads[0][0, 1] > 0.5 and labels[0][0, "nsubj"] > 0.5 and labels[0][1, "ROOT"] > 0.5
    assert heads[1] == labels[1] == {} and heads[2] == {(0, 0): 1.0}
    for scores in (heads[0], labels[0], heads[3]):
        for token in {token for token, _ in scores}:
            total = sum(share for (each, _), share in scores.items() if each == token)
            assert total == pytest.approx(1.0)
    assert all(doc.column("HEAD") is None for doc in docs)


def test_beam_updates_alone_learn_too():
    fix_random_seed(0)
    settings_ = {"min_action_freq": 1, "beam_update_prob": 1.0}
    nlp, *_ = taught("beam_parser", MODEL, parsed, 60, **settings_)
    for text, heads, deps in TREES:
        assert arcs(nlp(Doc(nlp.vocab, words=text.split()))) == (heads, deps)


def test_weights_go_from_one_to_the_other_and_width_1_is_the_parser(tmp_path):
    nlp, parser, _ = taught("parser", MODEL, parsed, 15, min_action_freq=1)
    other = spanloom.blank("en")
    settings_ = {"model": MODEL, "min_action_freq": 1, "beam_width": 1}
    beam_parser = other.add_pipe("beam_parser", config=settings_)
    beam_parser.initialize(lambda: parsed(other), nlp=other)
    beam_parser.model.from_bytes(parser.model.to_bytes())
    texts = [text for text, *_ in TREES] + ["friends of sing A birds"] * 2
    wanted = [arcs(nlp(Doc(nlp.vocab, words=text.split()))) for text in texts]
    assert [arcs(other(Doc(other.vocab, words=text.split()))) for text in texts] == wanted
    other.to_disk(tmp_path / "m")
    again = spanloom.load(tmp_path / "m")
    assert again.get_pipe("beam_parser").cfg["beam_width"] == 1
    assert [arcs(again(Doc(again.vocab, words=text.split()))) for text in texts] == wanted


@pytest.mark.parametrize(
    "setting", [{"beam_width": 0}, {"beam_density": 1.0}, {"beam_update_prob": 2.0}]
)
def test_settings_that_can_not_be(setting):
    nlp = spanloom.blank("en")
    with pytest.raises(PipelineError, match="beam_width is"):
        nlp.add_pipe("beam_parser", config={"model": MODEL, **setting})


def test_actions_of_spacy_are_refused_by_name():
    nlp = spanloom.blank("en")
    with pytest.raises(PipelineError, match="take 'parser' for weights that spaCy trained"):
        nlp.add_pipe("beam_parser", config={"model": MODEL, "system": "spacy"})


def test_weights_that_are_not_finite_are_an_error():
    nlp, parser, _ = taught("beam_parser", MODEL, parsed, 1, min_action_freq=1)
    parser.model.get_ref("upper").get_param("b")[:] = np.nan
    doc = Doc(nlp.vocab, words=["birds", "sing"])
    for call in (parser, lambda each: parser.scored_parses([each])):
        with pytest.raises(PipelineError, match="'beam_parser' can't parse"):
            call(doc)

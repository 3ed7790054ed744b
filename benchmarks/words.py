"""word2vec against gensim: speed, what a second worker gains, and what the vectors know.

    python benchmarks/words.py [speed] [scaling] [quality] [--words 2000000] [--text FILE] [--seeds 5]

Both train in this process, in turn, on the same numbers of the same text, with the same settings. Speed is words of the
text per second of wall-clock time, the median of the turns; scaling compares two workers with one, and with two models
of one worker each that are trained side by side and share nothing but the machine; quality is measured on a text that
is made here, whose words come in classes and pairs of classes, and on a text that is given, one sentence a line.
"""

from __future__ import annotations

import argparse
import itertools
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import gensim
import numpy as np

from ranvier.bench import Array
from ranvier.text import Corpus, Word2Vec

# Of the text that is made: with these no mode knows everything, and none nothing.
TOPICS, WORDS, NOISE = 8, 6, 0.5
WHAT = ["speed", "scaling", "quality"]
SHAPES = {"skip-gram": (1, 0, 5), "CBOW": (0, 0, 5), "skip-gram, hs": (1, 1, 0), "CBOW, hs": (0, 1, 0)}


def zipf_text(words: int, vocabulary: int, length: int) -> list[list[str]]:
    """Sentences of so many words that are drawn by Zipf's law."""
    share = 1 / (np.arange(vocabulary) + 3.0)
    drawn = np.random.default_rng(0).choice(vocabulary, words, p=share / share.sum())
    names = [f"w{number}" for number in range(vocabulary)]
    return [[names[k] for k in drawn[i : i + length]] for i in range(0, words, length)]


def settings(shape: str, size: int, workers: int) -> dict[str, Any]:
    """Arguments that both libraries take."""
    sg, hs, negative = SHAPES[shape]
    return {"vector_size": size, "sg": sg, "hs": hs, "negative": negative, "workers": workers, "min_count": 1}


def timed(train: Callable[[], object]) -> float:
    """Seconds of a call."""
    begun = time.perf_counter()
    train()
    return time.perf_counter() - begun


def speed(words: int, turns: int) -> None:
    """Words per second of both, in turns."""
    print(f"{'':34}{'gensim':>10}{'Ranvier':>10}{'ratio':>8}{'1 -> 2':>8}   thousand words/s")
    for length in (20, 2000):
        sentences = zipf_text(words, 50_000, length)
        corpus = Corpus(sentences)
        for shape, size in itertools.product(SHAPES, (100, 300)):
            best = {}
            for workers in (1, 2):
                theirs = gensim.models.Word2Vec(**settings(shape, size, workers))
                theirs.build_vocab(sentences)
                ours = Word2Vec(**settings(shape, size, workers))
                ours.build_vocab(corpus)
                told = {"total_examples": len(sentences), "epochs": 1}
                taken = [
                    (timed(partial(theirs.train, sentences, **told)), timed(partial(ours.train, corpus, epochs=1)))
                    for _ in range(turns)
                ]
                seconds = dict(zip(("gensim", "ours"), np.median(taken, axis=0), strict=True))
                best[workers] = words / seconds["ours"]
                scale = f"{best[2] / best[1]:8.2f}" if workers == 2 else ""
                print(
                    f"{shape:14} {size:4} {length:5} words, {workers} thr."
                    f"{words / seconds['gensim'] / 1e3:10.0f}{words / seconds['ours'] / 1e3:10.0f}"
                    f"{seconds['gensim'] / seconds['ours']:8.2f}{scale}",
                    flush=True,
                )


def scaling(words: int, turns: int) -> None:
    """How many times as fast as one worker are two of one model, and two models side by side."""
    print(f"{'':34}{'2 workers':>10}{'2 models':>10}   times one worker")
    for length in (20, 2000):
        corpus = Corpus(zipf_text(words, 50_000, length))
        for shape, size in itertools.product(SHAPES, (100, 300)):
            one, other, two = (Word2Vec(**settings(shape, size, workers)) for workers in (1, 1, 2))
            for model in (one, other, two):
                model.build_vocab(corpus)
            gains = []
            for _ in range(turns):
                alone = timed(partial(one.train, corpus, epochs=1))
                shared = timed(partial(two.train, corpus, epochs=1))
                gains.append((alone / shared, 2 * alone / timed(partial(side_by_side, (one, other), corpus))))
            workers, models = np.median(gains, axis=0)
            print(f"{shape:14} {size:4} {length:5} words{workers:18.2f}{models:10.2f}", flush=True)


def side_by_side(models: tuple[Word2Vec, ...], corpus: Corpus) -> None:
    """Trains models at the same time."""
    threads = [threading.Thread(target=model.train, args=(corpus,), kwargs={"epochs": 1}) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def planted_text(words: int, seed: int) -> list[list[str]]:
    """A text of `TOPICS` topics with two endings and `WORDS` words for each pair of them.

    A sentence has a word of a pair, four that stand with its topic and five that stand with its ending: so words of a
    pair are synonyms, and the endings are the same relation in every topic. In a share `NOISE` of the places there is
    any word instead.
    """
    random = np.random.default_rng(seed)
    pairs = [[f"t{topic}e{ending}n{k}" for k in range(WORDS)] for topic in range(TOPICS) for ending in range(2)]
    topics = [[f"topic{topic}x{k}" for k in range(5)] for topic in range(TOPICS)]
    endings = [[f"ending{ending}x{k}" for k in range(5)] for ending in range(2)]
    anything = np.array(list(itertools.chain(*pairs, *topics, *endings)))
    sentences = []
    for _ in range(words // 10):
        topic, ending = random.integers(TOPICS), random.integers(2)
        places = (pairs[2 * topic + ending], 1), (topics[topic], 4), (endings[ending], 5)
        sentence = np.concatenate([random.choice(kind, count) for kind, count in places])
        sentence = np.where(random.random(10) < NOISE, random.choice(anything, 10), sentence)
        sentences.append(random.permutation(sentence).tolist())
    return sentences


def retrieval(vectors: Any) -> float:
    """Of a content word's nearest neighbours among them, as many as its pair has, the share that is of its pair."""
    words = [f"t{topic}e{ending}n{k}" for topic in range(TOPICS) for ending in range(2) for k in range(WORDS)]
    rows = np.array([vectors[word] for word in words], np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kinds = np.arange(len(words)) // WORDS
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    near = np.argsort(-cosines, axis=1)[:, : WORDS - 1]
    return float((kinds[near] == kinds[:, None]).mean())


def analogies(vectors: Any) -> float:
    """How often a - a' + b' is nearest to a word of b's pair: the endings e0, e1 of topics a and b."""
    hits = []
    for a, b in itertools.permutations(range(TOPICS), 2):
        for k in range(WORDS):
            asked = {"positive": [f"t{a}e0n{k}", f"t{b}e1n{k}"], "negative": [f"t{a}e1n{k}"]}
            hits.append(vectors.most_similar(**asked, topn=1)[0][0].startswith(f"t{b}e0"))
    return float(np.mean(hits))


def quality(seeds: int, path: str | None, workers: int) -> None:
    """What both know of a text that is made, and how they agree on one that is given."""
    options: dict[str, Any] = {"vector_size": 50, "sg": 1, "epochs": 5, "min_count": 5, "workers": workers}
    sentences = planted_text(100_000, 0)
    corpus = Corpus(sentences)
    for name, shape in SHAPES.items():
        chosen = options | dict(zip(("sg", "hs", "negative"), shape, strict=True))
        scores: dict[str, list[tuple[float, float]]] = {}
        for seed in range(1, seeds + 1):
            models = {
                "gensim": gensim.models.Word2Vec(sentences, seed=seed, **chosen),
                "Ranvier": Word2Vec(corpus, seed=seed, **chosen),
                "deterministic": Word2Vec(corpus, seed=seed, deterministic=True, **chosen | {"workers": 1}),
            }
            for contestant, model in models.items():
                scores.setdefault(contestant, []).append((retrieval(model.wv), analogies(model.wv)))
        for contestant, values in scores.items():
            mean, spread = np.mean(values, axis=0), np.std(values, axis=0)
            print(
                f"{name:14} {contestant:14} same class {mean[0]:.3f} +- {spread[0]:.3f}, analogies "
                f"{mean[1]:.3f} +- {spread[1]:.3f}",
                flush=True,
            )
    if path:
        agreement(path, seeds, options)


def agreement(path: str, seeds: int, options: dict[str, Any]) -> None:
    """Spearman's correlation of the cosines of frequent words, gensim with gensim and with Ranvier."""
    corpus = Corpus(corpus_file=path, lower=True)
    names = corpus.words
    bounds = zip(corpus.starts, corpus.starts[1:], strict=False)
    sentences = [[names[k] for k in corpus.tokens[begin:end]] for begin, end in bounds]
    words = [names[k] for k in corpus.frequent()[50:550]]
    cosines: dict[str, list[Array]] = {"gensim": [], "Ranvier": []}
    for seed in range(1, seeds + 1):
        for kind, model in (
            ("gensim", gensim.models.Word2Vec(sentences, seed=seed, **options)),
            ("Ranvier", Word2Vec(corpus, seed=seed, **options)),
        ):
            rows = np.array([model.wv[word] for word in words], np.float64)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            ranks = (rows @ rows.T)[np.triu_indices(len(words), 1)].argsort().argsort()
            cosines[kind].append(ranks)
    pairs = {
        "gensim, gensim": list(itertools.combinations(cosines["gensim"], 2)),
        "Ranvier, Ranvier": list(itertools.combinations(cosines["Ranvier"], 2)),
        "gensim, Ranvier": list(itertools.product(cosines["gensim"], cosines["Ranvier"])),
    }
    for name, both in pairs.items():
        found = [np.corrcoef(a, b)[0, 1] for a, b in both]
        print(f"{name:20} Spearman {np.mean(found):.3f} +- {np.std(found):.3f}", flush=True)


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=WHAT, choices=WHAT)
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--text")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    told = parser.parse_args()
    if "speed" in told.what:
        speed(told.words, told.turns)
    if "scaling" in told.what:
        scaling(told.words, told.turns)
    if "quality" in told.what:
        quality(told.seeds, told.text, told.workers)


if __name__ == "__main__":
    main()

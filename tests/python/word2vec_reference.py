"""word2vec in NumPy and float64, from Mikolov et al. (2013) and the scheme of random numbers in docs/text.md."""

import heapq

import numpy as np

MASK, GOLDEN = 2**64 - 1, 0x9E3779B97F4A7C15
CHUNK = 256


def mixed(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def draw(key, n):
    return mixed(key + (n + 1) * GOLDEN & MASK)


def below(bits, n):
    return bits * n >> 32


class Noise:
    """Walker's alias table, by Vose's algorithm."""

    def __init__(self, counts, exponent):
        weight = np.asarray(counts, float) ** exponent
        weight = list(weight * len(weight) / weight.sum())
        self.share, self.other = [2**32 - 1] * len(weight), list(range(len(weight)))
        small = [i for i, w in enumerate(weight) if w < 1]
        large = [i for i, w in enumerate(weight) if w >= 1]
        while small and large:
            needy, rich = small.pop(), large[-1]
            self.share[needy], self.other[needy] = int(weight[needy] * (2**32 - 1)), rich
            weight[rich] -= 1 - weight[needy]
            if weight[rich] < 1:
                small.append(large.pop())

    def word(self, bits):
        column = below(bits >> 32, len(self.share))
        return column if bits & 0xFFFFFFFF < self.share[column] else self.other[column]

    def word_but(self, target, bits):
        while (word := self.word(bits)) == target:
            bits = mixed(bits + GOLDEN & MASK)
        return word


def code_lengths(counts):
    """Length of each word's Huffman code."""
    heap = [(count, i, (i,)) for i, count in enumerate(counts)]
    heapq.heapify(heap)
    lengths = [0] * len(counts)
    while len(heap) > 1:
        (a, i, left), (b, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        for leaf in left + right:
            lengths[leaf] += 1
        heapq.heappush(heap, (a + b, i + len(counts), left + right))
    return lengths


class Word2Vec:
    """One thread, one step of the text after the other; `block` steps share the values from which they start.

    With a block of one, examples of skip-gram go one after the other against the tree.
    """

    def __init__(self, vectors, counts, sg, negative, tree, window, sample, seed, cbow_mean=1, block=1, shrink=True):
        self.v = np.asarray(vectors, np.float64).copy()
        self.noise_out = np.zeros_like(self.v)
        self.tree_out = np.zeros_like(self.v)
        self.sg, self.negative, self.tree, self.window, self.seed = sg, negative, tree, window, seed
        self.cbow_mean, self.block, self.shrink = cbow_mean, block, shrink
        self.noise = Noise(counts, 0.75)
        share = np.asarray(counts) / (sample * sum(counts)) if sample else np.full(len(counts), 1e-9)
        probability = np.minimum((np.sqrt(share) + 1) / share, 1)
        self.keep = [int(p * (2**32 - 1)) for p in probability]

    def steps(self, sentences, epoch):
        """(target, neighbours, key, place in the text of its sentence) for each word that is trained on."""
        key, place = mixed(mixed(self.seed + GOLDEN) + (epoch + 1) * GOLDEN & MASK), 0
        for sentence in sentences:
            begin, words = place, []
            for word in sentence:
                own = mixed(key + (place + 1) * GOLDEN & MASK)
                place += 1
                if word >= 0 and draw(own, 0) >> 32 <= self.keep[word]:
                    words.append((word, own))
            for i, (word, own) in enumerate(words):
                less = below(draw(own, 0) & 0xFFFFFFFF, self.window) if self.shrink else 0
                reach = self.window - less
                around = [w for j, (w, _) in enumerate(words) if j != i and abs(j - i) <= reach]
                if around:
                    yield word, around, own, begin

    def examples(self, step):
        """(inputs, [(matrix, rows, targets), ...]) for each example of a step."""
        word, around, key, _ = step
        drawn = 1
        for inputs in [[c] for c in around] if self.sg else [around]:
            outputs = []
            if self.negative:
                noise = [self.noise.word_but(word, draw(key, drawn + k)) for k in range(self.negative)]
                drawn += self.negative
                outputs.append((self.noise_out, [word, *noise], [1] + [0] * self.negative))
            if self.tree:
                outputs.append((self.tree_out, *self.tree[word]))
            yield inputs, outputs

    def blocks(self, sentences, epoch):
        """Steps in blocks, which begin anew with each chunk: the sentences that reach CHUNK words of the text."""
        ends, begin, at = set(), 0, 0
        for sentence in sentences:
            at += len(sentence)
            if at - begin >= CHUNK:
                ends.add(begin := at)
        block, before = [], 0
        for step in self.steps(sentences, epoch):
            if len(block) == self.block or any(before < end <= step[3] for end in ends):
                yield block
                block = []
            block.append(step)
            before = step[3]
        yield block

    def epoch(self, sentences, epoch, first, last):
        """Trains for an epoch; returns the mean loss of its examples."""
        total = sum(map(len, sentences))
        in_turn = self.sg and self.block == 1
        loss = count = 0
        for block in self.blocks(sentences, epoch):
            prepared = []
            for step in block:
                alpha = first + (last - first) * step[3] / total
                examples = list(self.examples(step))
                count += len(examples)
                slopes = []
                for inputs, outputs in examples:
                    x = self.v[inputs].sum(axis=0) / (len(inputs) if self.cbow_mean else 1)
                    own = []
                    for matrix, rows, targets in outputs:
                        if in_turn and matrix is self.tree_out:
                            own.append(None)
                            continue
                        more, slope = self.slopes(x, matrix[rows], np.array(targets), alpha)
                        loss += more
                        own.append(slope)
                    slopes.append((x, own))
                prepared.append((examples, slopes, alpha))
            for examples, slopes, alpha in prepared:
                # all examples against one set of outputs, then against the other
                for which in range(len(examples[0][1])):
                    for (inputs, outputs), (x, own) in zip(examples, slopes, strict=True):
                        slope = own[which]
                        if slope is None:
                            matrix, rows, targets = outputs[which]
                            more, slope = self.slopes(self.v[inputs[0]], matrix[rows], np.array(targets), alpha)
                            loss += more
                        self.move(inputs, outputs[which], x, slope)
        return float(loss / count)

    def slopes(self, x, rows, t, alpha):
        """The loss of an example against some rows with targets t, and its steps along them."""
        y = 1 / (1 + np.exp(-(rows @ x)))
        return -(t * np.log(y) + (1 - t) * np.log(1 - y)).sum(), alpha * (t - y)

    def move(self, inputs, outputs, x, slopes):
        matrix, rows, _ = outputs
        if self.sg:
            x = self.v[inputs[0]].copy()
        error = np.zeros_like(x)
        for row, slope in zip(rows, slopes, strict=True):
            error += slope * matrix[row]
            matrix[row] += slope * x
        for c in inputs:
            self.v[c] += error / (1 if self.cbow_mean else len(inputs))

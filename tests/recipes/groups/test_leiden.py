import numpy as np
from scipy.linalg import block_diag
from scipy.sparse import csr_matrix

from recipes.groups.leiden import leiden


def cliques(*sizes):
    return csr_matrix(block_diag(*(np.ones((s, s)) - np.eye(s) for s in sizes)))


def test_cliques_are_communities():
    labels = leiden(cliques(8, 5, 9), 1.0, seed=0)
    assert [len(set(part)) for part in np.split(labels, [8, 13])] == [1, 1, 1]
    assert len(set(labels)) == 3


def test_a_node_without_edges_is_a_community_of_its_own():
    labels = leiden(cliques(6, 1, 6, 1), 1.0, seed=0)
    assert len(set(labels)) == 4
    assert labels.min() == 0


def test_the_same_seed_gives_the_same_communities():
    rng = np.random.default_rng(0)
    dense = np.triu(rng.random((300, 300)) < 0.05, 1)
    graph = csr_matrix((dense | dense.T).astype(float))
    assert (leiden(graph, 2.0, seed=4) == leiden(graph, 2.0, seed=4)).all()

import numpy as np


def crowd(n=600, d=24, seed=0):
    """Nothing in it: one Gaussian whose spectrum decays."""
    scale = (np.arange(d) + 2.0) ** -0.5
    return (np.random.default_rng(seed).normal(size=(n, d)) * scale).astype(np.float32)


def planted(sizes=(40, 25), n=600, d=24, seed=0, step=4.0):
    """A crowd with groups in it, each moved in a direction of its own; returns vectors and labels."""
    x, label = crowd(n, d, seed), np.zeros(n, np.int64)
    rng = np.random.default_rng(seed + 1)
    order, start = rng.permutation(n), 0
    for number, size in enumerate(sizes, 1):
        rows = order[start : start + size]
        direction = rng.normal(size=d)
        x[rows] = 0.5 * x[rows] + step * direction / np.linalg.norm(direction)
        label[rows] = number
        start += size
    return x, label


def curve(n=1000, d=48, noise=0.05, seed=0):
    """Points at random angles on a closed curve that turns through all of ``d`` dimensions."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)[:, None]
    waves = np.cos(angle * np.arange(1, 7) + rng.uniform(0, 6, 6))
    return (waves @ rng.normal(size=(6, d)) + noise * rng.normal(size=(n, d))).astype(np.float32)


def ring(n=1000, d=48, noise=0.1, seed=0):
    """Points at random angles on a circle, in a plane of ``d`` dimensions."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    plane = np.linalg.qr(rng.normal(size=(d, 2)))[0] * np.sqrt(d)
    flat = np.column_stack([np.cos(angle), np.sin(angle)])
    return (flat @ plane.T + noise * rng.normal(size=(n, d))).astype(np.float32)

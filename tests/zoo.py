"""Fitted estimators of every kind, small and fitted once."""

import warnings
from functools import cache

import numpy as np
from sklearn import (
    calibration,
    cluster,
    compose,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_selection,
    frozen,
    impute,
    kernel_approximation,
    kernel_ridge,
    linear_model,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    random_projection,
    svm,
    tree,
)
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from threadpoolctl import threadpool_limits

WIDTH = 5
LABELS = np.array(["cat", "dog", "emu", "fox"])
lm, pre, dec = linear_model, preprocessing, decomposition
logistic, linear_svc = linear_model.LogisticRegression, svm.LinearSVC
gnb = naive_bayes.GaussianNB


def log_loss():
    return lm.SGDClassifier(loss="log_loss", random_state=0)


def small_mlp(**settings):
    return neural_network.MLPClassifier(
        hidden_layer_sizes=(4,), max_iter=40, random_state=0, **settings
    )


CLASSIFIERS = {
    "LogisticRegression": logistic,
    "LogisticRegression liblinear": lambda: logistic(solver="liblinear"),
    "LogisticRegressionCV": lambda: lm.LogisticRegressionCV(Cs=2, cv=2),
    "SGDClassifier": lambda: lm.SGDClassifier(random_state=0),
    "SGDClassifier log_loss": lambda: lm.SGDClassifier(loss="log_loss", random_state=0),
    "SGDClassifier modified_huber": lambda: lm.SGDClassifier(loss="modified_huber", random_state=0),
    "RidgeClassifier": lm.RidgeClassifier,
    "RidgeClassifierCV": lm.RidgeClassifierCV,
    "Perceptron": lm.Perceptron,
    "LinearSVC": linear_svc,
    "LinearDiscriminantAnalysis": discriminant_analysis.LinearDiscriminantAnalysis,
    "QuadraticDiscriminantAnalysis": discriminant_analysis.QuadraticDiscriminantAnalysis,
    "GaussianNB": gnb,
    "BernoulliNB": naive_bayes.BernoulliNB,
    "MultinomialNB": lambda: make_pipeline(
        pre.MinMaxScaler(clip=True), naive_bayes.MultinomialNB()
    ),
    "ComplementNB": lambda: make_pipeline(pre.MinMaxScaler(clip=True), naive_bayes.ComplementNB()),
    "NearestCentroid": neighbors.NearestCentroid,
    "NearestCentroid empirical": lambda: neighbors.NearestCentroid(priors="empirical"),
    "SVC": svm.SVC,
    "SVC linear": lambda: svm.SVC(kernel="linear"),
    "SVC poly": lambda: svm.SVC(kernel="poly", coef0=0.5),
    "SVC sigmoid": lambda: svm.SVC(kernel="sigmoid"),
    "SVC probability": lambda: svm.SVC(probability=True, random_state=0),
    "SVC break_ties": lambda: svm.SVC(break_ties=True),
    "NuSVC": lambda: svm.NuSVC(nu=0.1),
    "MLPClassifier": small_mlp,
    "MLPClassifier tanh": lambda: small_mlp(activation="tanh"),
    "MLPClassifier identity": lambda: small_mlp(activation="identity"),
    "CalibratedClassifierCV": lambda: calibration.CalibratedClassifierCV(linear_svc(), cv=2),
    "CalibratedClassifierCV of probabilities": lambda: calibration.CalibratedClassifierCV(
        gnb(), cv=2
    ),
    "CalibratedClassifierCV one fold": lambda: calibration.CalibratedClassifierCV(
        linear_svc(), ensemble=False, cv=2
    ),
    "CalibratedClassifierCV isotonic": lambda: calibration.CalibratedClassifierCV(
        linear_svc(), method="isotonic", cv=2
    ),
    "CalibratedClassifierCV temperature": lambda: calibration.CalibratedClassifierCV(
        linear_svc(), method="temperature", cv=2
    ),
    "OneVsRestClassifier": lambda: multiclass.OneVsRestClassifier(logistic()),
    "OneVsRestClassifier of margins": lambda: multiclass.OneVsRestClassifier(linear_svc()),
    "OneVsRestClassifier of kernels": lambda: multiclass.OneVsRestClassifier(svm.SVC()),
    "OneVsRestClassifier of probabilities": lambda: multiclass.OneVsRestClassifier(gnb()),
    "OneVsRestClassifier of sigmoids": lambda: multiclass.OneVsRestClassifier(small_mlp()),
    "OneVsOneClassifier": lambda: multiclass.OneVsOneClassifier(linear_svc()),
    "OneVsOneClassifier of probabilities": lambda: multiclass.OneVsOneClassifier(gnb()),
    "VotingClassifier": lambda: ensemble.VotingClassifier(
        [("a", logistic()), ("b", gnb())], voting="soft", weights=[1, 3]
    ),
    "GridSearchCV": lambda: model_selection.GridSearchCV(
        make_pipeline(pre.StandardScaler(), logistic()), {"logisticregression__C": [1, 2]}, cv=2
    ),
    "FrozenEstimator": lambda: frozen.FrozenEstimator(logistic().fit(*data(4, np.float64))),
}
BEFORE = {
    "FunctionTransformer": pre.FunctionTransformer,
    "FunctionTransformer tanh": lambda: pre.FunctionTransformer(np.tanh),
    "FeatureUnion passthrough": lambda: FeatureUnion(
        [("small", dec.PCA(2)), ("whole", "passthrough")]
    ),
    "StandardScaler": pre.StandardScaler,
    "RobustScaler": lambda: pre.RobustScaler(with_centering=False),
    "MaxAbsScaler": pre.MaxAbsScaler,
    "MinMaxScaler": pre.MinMaxScaler,
    "Binarizer": lambda: pre.Binarizer(threshold=0.25),
    "Normalizer l1": lambda: pre.Normalizer("l1"),
    "Normalizer l2": pre.Normalizer,
    "Normalizer max": lambda: pre.Normalizer("max"),
    "PCA": lambda: dec.PCA(3),
    "PCA whiten": lambda: dec.PCA(3, whiten=True),
    "IncrementalPCA": lambda: dec.IncrementalPCA(3),
    "TruncatedSVD": lambda: dec.TruncatedSVD(3, random_state=0),
    "FastICA": lambda: dec.FastICA(3, random_state=0),
    "GaussianRandomProjection": lambda: random_projection.GaussianRandomProjection(
        3, random_state=0
    ),
    "SparseRandomProjection": lambda: random_projection.SparseRandomProjection(3, random_state=0),
    "RBFSampler": lambda: kernel_approximation.RBFSampler(
        gamma=0.05, n_components=8, random_state=0
    ),
    "SelectKBest": lambda: feature_selection.SelectKBest(k=2),
    "VarianceThreshold": feature_selection.VarianceThreshold,
    "LinearDiscriminantAnalysis": discriminant_analysis.LinearDiscriminantAnalysis,
    "LinearDiscriminantAnalysis eigen": lambda: discriminant_analysis.LinearDiscriminantAnalysis(
        solver="eigen"
    ),
    "KMeans": lambda: cluster.KMeans(3, random_state=0, n_init=1),
    "ColumnTransformer": lambda: compose.ColumnTransformer(
        [("a", pre.StandardScaler(), [0, 3]), ("b", dec.PCA(1), slice(1, 3)), ("c", "drop", [4])],
        transformer_weights={"a": 2.0},
    ),
    "KBinsDiscretizer": lambda: pre.KBinsDiscretizer(3, encode="onehot-dense"),
    "KBinsDiscretizer ordinal": lambda: pre.KBinsDiscretizer(4, encode="ordinal"),
    "PolynomialFeatures": pre.PolynomialFeatures,
    "PolynomialFeatures interaction": lambda: pre.PolynomialFeatures(
        3, interaction_only=True, include_bias=False
    ),
    "PowerTransformer": pre.PowerTransformer,
    "SimpleImputer": lambda: impute.SimpleImputer(missing_values=0, strategy="median"),
    "Nystroem": lambda: kernel_approximation.Nystroem(n_components=6, random_state=0),
    "KernelPCA": lambda: dec.KernelPCA(3, kernel="sigmoid", gamma=0.01),
    "FactorAnalysis": lambda: dec.FactorAnalysis(2),
    "FeatureAgglomeration": lambda: cluster.FeatureAgglomeration(2),
    "NeighborhoodComponentsAnalysis": lambda: neighbors.NeighborhoodComponentsAnalysis(
        2, random_state=0
    ),
    "FeatureUnion": lambda: make_union(pre.StandardScaler(), dec.PCA(2)),
}
ENSEMBLES = {
    "DecisionTreeClassifier": lambda: tree.DecisionTreeClassifier(max_depth=4, random_state=0),
    "RandomForestClassifier": lambda: ensemble.RandomForestClassifier(6, random_state=0),
    "ExtraTreeClassifier": lambda: tree.ExtraTreeClassifier(max_depth=4, random_state=0),
    "ExtraTreesClassifier": lambda: ensemble.ExtraTreesClassifier(4, random_state=0),
    "GradientBoostingClassifier": lambda: ensemble.GradientBoostingClassifier(
        n_estimators=4, random_state=0
    ),
    "HistGradientBoostingClassifier": lambda: ensemble.HistGradientBoostingClassifier(
        max_iter=4, min_samples_leaf=5, random_state=0
    ),
    "AdaBoostClassifier": lambda: ensemble.AdaBoostClassifier(n_estimators=4, random_state=0),
    "BaggingClassifier": lambda: ensemble.BaggingClassifier(logistic(), 3, random_state=0),
    "BaggingClassifier of votes": lambda: ensemble.BaggingClassifier(
        linear_svc(), 3, max_features=0.6, random_state=0
    ),
    "StackingClassifier": lambda: ensemble.StackingClassifier(
        [("a", gnb()), ("b", linear_svc())], cv=2, passthrough=True
    ),
    "StackingClassifier of answers": lambda: ensemble.StackingClassifier(
        [("a", gnb()), ("b", linear_svc())], cv=2, stack_method="predict"
    ),
    "KNeighborsClassifier": neighbors.KNeighborsClassifier,
    "KNeighborsClassifier distance": lambda: make_pipeline(
        pre.StandardScaler(), neighbors.KNeighborsClassifier(7, weights="distance")
    ),
    "KNeighborsClassifier manhattan": lambda: neighbors.KNeighborsClassifier(metric="manhattan"),
    "VotingClassifier of trees": lambda: ensemble.VotingClassifier(
        [("a", logistic()), ("b", tree.DecisionTreeClassifier(max_depth=3, random_state=0))],
        voting="soft",
    ),
    "OneVsRestClassifier of trees": lambda: multiclass.OneVsRestClassifier(
        tree.DecisionTreeClassifier(max_depth=3, random_state=0)
    ),
}
ENSEMBLE_REGRESSORS = {
    "DecisionTreeRegressor": lambda: tree.DecisionTreeRegressor(max_depth=4, random_state=0),
    "RandomForestRegressor": lambda: ensemble.RandomForestRegressor(4, random_state=0),
    "ExtraTreeRegressor": lambda: tree.ExtraTreeRegressor(max_depth=4, random_state=0),
    "ExtraTreesRegressor": lambda: ensemble.ExtraTreesRegressor(4, random_state=0),
    "GradientBoostingRegressor": lambda: ensemble.GradientBoostingRegressor(
        n_estimators=4, random_state=0
    ),
    "HistGradientBoostingRegressor": lambda: ensemble.HistGradientBoostingRegressor(
        max_iter=4, min_samples_leaf=5
    ),
    "HistGradientBoostingRegressor poisson": lambda: ensemble.HistGradientBoostingRegressor(
        max_iter=4, min_samples_leaf=5, loss="poisson"
    ),
    "BaggingRegressor": lambda: ensemble.BaggingRegressor(lm.Ridge(), 3, random_state=0),
    "StackingRegressor": lambda: ensemble.StackingRegressor(
        [("a", lm.Ridge()), ("b", svm.SVR())], cv=2
    ),
    "VotingRegressor": lambda: ensemble.VotingRegressor(
        [("a", lm.Ridge()), ("b", svm.SVR())], weights=[1, 3]
    ),
    "KNeighborsRegressor": lambda: neighbors.KNeighborsRegressor(weights="distance"),
    "RegressorChain": lambda: multioutput.RegressorChain(lm.Ridge(), order=[1, 0]),
    "KernelRidge": lambda: kernel_ridge.KernelRidge(kernel="rbf"),
    "TransformedTargetRegressor": lambda: compose.TransformedTargetRegressor(
        lm.Ridge(alpha=1e5), func=np.log1p, inverse_func=np.expm1
    ),
    "TransformedTargetRegressor scaled": lambda: compose.TransformedTargetRegressor(
        svm.SVR(), transformer=pre.StandardScaler()
    ),
    "PLSCanonical": lambda: cross_decomposition.PLSCanonical(1),
    "CCA": lambda: cross_decomposition.CCA(1),
}
SEVERAL_LABELS = {
    "MLPClassifier": small_mlp,
    "OneVsRestClassifier": lambda: multiclass.OneVsRestClassifier(logistic()),
    "OneVsRestClassifier of margins": lambda: multiclass.OneVsRestClassifier(linear_svc()),
    "RidgeClassifier": lm.RidgeClassifier,
    "KNeighborsClassifier": neighbors.KNeighborsClassifier,
    "RandomForestClassifier": lambda: ensemble.RandomForestClassifier(4, random_state=0),
    "ClassifierChain": lambda: multioutput.ClassifierChain(logistic(), order=[2, 0, 1]),
    "ClassifierChain of margins": lambda: multioutput.ClassifierChain(
        linear_svc(), chain_method="decision_function"
    ),
}
REGRESSORS = {
    "LinearRegression": lm.LinearRegression,
    "Ridge": lm.Ridge,
    "HuberRegressor": lm.HuberRegressor,
    "PoissonRegressor": lm.PoissonRegressor,
    "GammaRegressor": lm.GammaRegressor,
    "TweedieRegressor": lambda: lm.TweedieRegressor(power=0),
    "RANSACRegressor": lambda: lm.RANSACRegressor(random_state=0),
    "PLSRegression": lambda: cross_decomposition.PLSRegression(2),
    "SVR": svm.SVR,
    "NuSVR": lambda: svm.NuSVR(kernel="poly", degree=2),
    "MLPRegressor": lambda: neural_network.MLPRegressor(
        hidden_layer_sizes=(4,), max_iter=40, random_state=0
    ),
    "MultiOutputRegressor": lambda: multioutput.MultiOutputRegressor(lm.Ridge()),
}
CLUSTERERS = {
    "KMeans": lambda: cluster.KMeans(4, random_state=0, n_init=1),
    "MiniBatchKMeans": lambda: cluster.MiniBatchKMeans(4, random_state=0, n_init=1),
    **{
        f"GaussianMixture {kind}": lambda kind=kind: mixture.GaussianMixture(
            3, covariance_type=kind, random_state=0
        )
        for kind in ("full", "tied", "diag", "spherical")
    },
}


def data(classes, dtype, rows=90):
    """Return blobs ``(n, d)`` that touch, and their labels as text."""
    rng = np.random.default_rng(classes)
    y = np.arange(rows) % classes
    x = rng.normal(size=(classes, WIDTH))[y] * 1.5 + rng.normal(size=(rows, WIDTH))
    return x.astype(dtype), LABELS[y]


def fitted(estimator, x, y):
    """Fit on one thread, without the warnings of estimators that were given too few rounds."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        return estimator.fit(x, y)


@cache
def classifier(name, classes=4, dtype=np.float64):
    return fitted(CLASSIFIERS[name](), *data(classes, dtype))


@cache
def ensemble_regressor(name):
    x, _ = data(4, np.float64)
    y = np.exp(0.2 * x[:, 0]) + np.abs(x[:, 1])
    both = name in ("RegressorChain", "PLSCanonical", "CCA")
    return fitted(ENSEMBLE_REGRESSORS[name](), x, np.stack([y, -y], 1) if both else y)


@cache
def ensemble_of(name, classes):
    return fitted(ENSEMBLES[name](), *data(classes, np.float64))


@cache
def of_several_labels(name):
    x, _ = data(4, np.float64)
    return fitted(SEVERAL_LABELS[name](), x, (x[:, :3] > [0, 0.3, -0.5]).astype(int))


@cache
def transformer(name):
    return fitted(BEFORE[name](), *data(4, np.float64))


@cache
def behind(name):
    return fitted(make_pipeline(BEFORE[name](), lm.RidgeClassifier()), *data(4, np.float64))


@cache
def regressor(name):
    x, _ = data(4, np.float64)
    y = np.exp(0.2 * x[:, 0]) + np.abs(x[:, 1])
    return fitted(
        REGRESSORS[name](), x, np.stack([y, -y], 1) if name == "MultiOutputRegressor" else y
    )


@cache
def clusterer(name, dtype=np.float64):
    return fitted(CLUSTERERS[name](), data(4, dtype)[0], None)


def vectors(scale=1.0, rows=200):
    """Return vectors like those fitted on, ``scale`` times as large."""
    return (np.random.default_rng(9).normal(size=(rows, WIDTH)) * 2 * scale).astype(np.float32)


def extremes():
    """Return vectors far from anything fitted on: zero, tiny, huge, one axis alone."""
    ones = np.ones((1, WIDTH))
    return np.concatenate(
        [
            0 * ones,
            1e4 * ones,
            -1e4 * ones,
            1e4 * np.eye(WIDTH),
            vectors(1e4, 40),
            vectors(1e-6, 20),
        ]
    ).astype(np.float32)

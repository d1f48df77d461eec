"""Trains the models of testdata/samples with the real frameworks and writes their own predictions beside them.

usage: train.py SAMPLES_DIR [NAME ...]

A sample is a folder with model.pmml, input.csv, expected.csv and meta.json; testdata/README.md has the conventions.
Everything is seeded and single-threaded: the same versions give the same files, byte for byte.
"""

import json
import re
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import statsmodels.api as sm
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import (
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn2pmml import sklearn2pmml
from sklearn2pmml.decoration import Alias, CategoricalDomain, ContinuousDomain
from sklearn2pmml.pipeline import PMMLPipeline
from sklearn2pmml.preprocessing import ExpressionTransformer, PMMLLabelEncoder
from sklearn2pmml.statsmodels import StatsModelsRegressor

SEED = 20260101
ROWS = 120  # rows of input.csv, at most


def save(folder, pipeline, inputs, expected, about, rtol=1e-9, atol=1e-12):
    """Writes one sample. inputs and expected are data frames of the same length; missing is NaN or None."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "model.pmml"
    sklearn2pmml(pipeline, model, with_repr=False)
    model.write_text(without_time(model.read_text(encoding="utf-8")), encoding="utf-8")
    save_data(folder, inputs, expected, about, rtol, atol)


def save_data(folder, inputs, expected, about, rtol, atol):
    """Writes what lies beside the model."""
    inputs.to_csv(folder / "input.csv", index=False, na_rep="NA", lineterminator="\n")
    expected.to_csv(folder / "expected.csv", index=False, na_rep="NA", lineterminator="\n")
    meta = {
        "name": folder.name,
        "model_file": "model.pmml",
        "about": about,
        "n_rows": len(inputs),
        "missing_values": "NA",
        "rtol": rtol,
        "atol": atol,
        "compared_columns": list(expected.columns),
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")


def without_time(document):
    """Replaces the time of writing, the only thing in a document that changes from run to run."""
    return re.sub(r"<Timestamp>[^<]*</Timestamp>", "<Timestamp>2026-01-01T00:00:00Z</Timestamp>", document)


def classified(target, estimator, inputs):
    """The predictions of a classifier under the names that the converters give to outputs."""
    probabilities = estimator.predict_proba(inputs)
    columns = {target: estimator.predict(inputs)}
    for i, label in enumerate(estimator.classes_):
        columns[f"probability({label})"] = probabilities[:, i]
    return pd.DataFrame(columns)


def sample_rows(frame, count=ROWS, seed=SEED):
    return frame.sample(n=min(count, len(frame)), random_state=seed).reset_index(drop=True)


def bundled(loader, columns=None):
    """A data set that comes with scikit-learn: inputs (the first columns only, if a number is given) and target."""
    data = loader()
    names = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in data.feature_names]
    frame = pd.DataFrame(data.data, columns=names).iloc[:, :columns]
    return frame, data


def with_holes(frame, columns, share, seed):
    """Empties a share of the cells of some columns."""
    random = np.random.default_rng(seed)
    frame = frame.copy()
    for name in columns:
        frame.loc[random.random(len(frame)) < share, name] = np.nan
    return frame


def loans(rows, seed):
    """Loan applications as a bank might have them: numbers, categories, gaps. Synthetic."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, rows).astype(float),
            "income": np.round(random.lognormal(10.4, 0.5, rows), 2),
            "amount": np.round(random.lognormal(9.2, 0.8, rows), 2),
            "months": random.choice([12, 24, 36, 48, 60], rows),
            "employment": random.choice(["employed", "self-employed", "student", "retired", "none"], rows, p=[0.55, 0.15, 0.1, 0.15, 0.05]),
            "purpose": random.choice(["car", "education", "home", "travel", "other & various"], rows),
            "region": random.choice(["north", "east", "south", "west", "Île-de-France"], rows),
        }
    )
    risk = (
        1.5 * np.log(frame["amount"] / frame["income"] * 12 / frame["months"])
        - 0.02 * (frame["age"] - 45)
        + frame["employment"].map({"employed": -0.6, "self-employed": 0.2, "student": 0.5, "retired": -0.2, "none": 1.4})
        + frame["purpose"].map({"car": 0.0, "education": -0.3, "home": -0.5, "travel": 0.6, "other & various": 0.3})
        + 2.2
        + random.logistic(0, 0.7, rows)
    )
    frame["defaulted"] = np.where(risk > 0, "yes", "no")
    return with_holes(frame, ["age", "income"], 0.06, seed + 1)


def loans_with_empty_categories(rows, seed):
    frame = loans(rows, seed)
    random = np.random.default_rng(seed + 2)
    for name in ["employment", "purpose"]:
        frame[name] = frame[name].astype(object)
        frame.loc[random.random(rows) < 0.08, name] = None
    return frame


def iris(folder):
    inputs, data = bundled(load_iris)
    inputs.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    species = pd.Series(data.target_names[data.target], name="species")
    pipeline = PMMLPipeline([("classifier", DecisionTreeClassifier(min_samples_leaf=2, random_state=SEED))])
    pipeline.fit(inputs, species)
    rows = sample_rows(inputs)
    save(folder, pipeline, rows, classified("species", pipeline, rows), "scikit-learn DecisionTreeClassifier on iris")


def loan_pipeline(folder):
    train = loans(2000, SEED)
    numbers, categories = ["age", "income", "amount", "months"], ["employment", "purpose", "region"]
    ratio = ExpressionTransformer("X[0] / X[1] * 12 / X[2]")
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(ContinuousDomain(), SimpleImputer(strategy="median"), StandardScaler()), numbers[:3]),
            ("months", StandardScaler(), ["months"]),
            ("categories", make_pipeline(CategoricalDomain(invalid_value_treatment="as_is"), OneHotEncoder(handle_unknown="ignore")), categories),
            ("burden", make_pipeline(SimpleImputer(strategy="median"), Alias(ratio, "burden", prefit=True), StandardScaler()), ["amount", "income", "months"]),
            ("rate", make_pipeline(ExpressionTransformer("numpy.log(X[0] / X[1])"), StandardScaler()), ["amount", "months"]),
            ("bold", ExpressionTransformer("1 if pandas.notnull(X[0]) and X[0] < 25 and X[1] > 10000 else 0"), ["age", "amount"]),
        ]
    )
    pipeline = PMMLPipeline([("prepare", prepare), ("classifier", LogisticRegression(C=0.8, max_iter=1000))])
    pipeline.fit(train[numbers + categories], train["defaulted"])
    rows = loans(ROWS, SEED + 10)[numbers + categories]
    rows.loc[3, "purpose"] = "boat"  # never seen in training
    rows.loc[17, "region"] = "centre"
    pipeline.verify(train[numbers + categories].dropna().head(8), precision=1e-9, zeroThreshold=1e-12)
    save(
        folder, pipeline, rows, classified("defaulted", pipeline, rows),
        "scikit-learn pipeline (imputation, scaling, one-hot, derived expressions, LogisticRegression) on synthetic loans; verification rows",
    )


def xgboost_missing(folder):
    inputs, data = bundled(load_breast_cancer, 12)
    inputs = with_holes(inputs, inputs.columns[:6], 0.15, SEED)
    classifier = xgboost.XGBClassifier(n_estimators=25, max_depth=4, learning_rate=0.2, n_jobs=1, random_state=SEED)
    pipeline = PMMLPipeline([("domain", ContinuousDomain(with_statistics=False)), ("classifier", classifier)])
    pipeline.fit(inputs, pd.Series(data.target, name="benign"))
    rows = sample_rows(inputs)
    save(
        folder, pipeline, rows, classified("benign", pipeline, rows),
        "XGBoost binary classifier on breast cancer, 15 % of six columns missing; sums in float32", rtol=5e-6, atol=2e-7,
    )


def xgboost_classes(folder):
    inputs, data = bundled(load_wine, 8)
    classifier = xgboost.XGBClassifier(n_estimators=12, max_depth=3, n_jobs=1, random_state=SEED)
    pipeline = PMMLPipeline([("classifier", classifier)])
    pipeline.fit(inputs, pd.Series(data.target, name="cultivar"))
    rows = sample_rows(inputs)
    save(folder, pipeline, rows, classified("cultivar", pipeline, rows), "XGBoost classifier of three classes on wine", rtol=5e-6, atol=2e-7)


def lightgbm_categories(folder):
    numbers, categories = ["age", "income", "amount", "months"], ["employment", "purpose", "region"]
    columns = numbers + categories
    train = loans_with_empty_categories(2000, SEED)
    rows = loans_with_empty_categories(ROWS, SEED + 10)[columns]
    encoders = [(name, PMMLLabelEncoder(missing_values=-1), [name]) for name in categories]
    prepare = ColumnTransformer([("numbers", "passthrough", numbers)] + encoders)
    classifier = lightgbm.LGBMClassifier(n_estimators=20, num_leaves=12, n_jobs=1, deterministic=True, force_row_wise=True, random_state=SEED, verbose=-1)
    pipeline = PMMLPipeline([("prepare", prepare), ("classifier", classifier)])
    pipeline.fit(train[columns], train["defaulted"], classifier__categorical_feature=[4, 5, 6])
    save(
        folder, pipeline, rows, classified("defaulted", pipeline, rows),
        "LightGBM classifier with categorical splits and missing values on synthetic loans",
    )


def random_forest(folder):
    inputs, data = bundled(load_wine)
    pipeline = PMMLPipeline([("classifier", RandomForestClassifier(n_estimators=15, max_depth=6, n_jobs=1, random_state=SEED))])
    pipeline.fit(inputs, pd.Series(data.target_names[data.target], name="cultivar"))
    rows = sample_rows(inputs)
    save(folder, pipeline, rows, classified("cultivar", pipeline, rows), "scikit-learn RandomForestClassifier on wine")


def stacking(folder):
    inputs, data = bundled(load_breast_cancer, 10)
    stack = StackingClassifier(
        [("tree", DecisionTreeClassifier(max_depth=4, random_state=SEED)), ("linear", LogisticRegression(max_iter=2000))],
        final_estimator=LogisticRegression(),
    )
    pipeline = PMMLPipeline([("scale", StandardScaler()), ("classifier", stack)])
    pipeline.fit(inputs, pd.Series(data.target_names[data.target], name="diagnosis"))
    rows = sample_rows(inputs)
    save(
        folder, pipeline, rows, classified("diagnosis", pipeline, rows),
        "scikit-learn StackingClassifier: tree and logistic regression below a logistic regression; the tree makes the inputs float32", rtol=1e-6,
    )


def calibrated(folder):
    inputs, data = bundled(load_breast_cancer, 10)
    classifier = CalibratedClassifierCV(DecisionTreeClassifier(max_depth=3, random_state=SEED), method="sigmoid", cv=3)
    pipeline = PMMLPipeline([("classifier", classifier)])
    pipeline.fit(inputs, pd.Series(data.target_names[data.target], name="diagnosis"))
    rows = sample_rows(inputs)
    save(folder, pipeline, rows, classified("diagnosis", pipeline, rows), "scikit-learn CalibratedClassifierCV over decision trees")


def boosted_regression(folder):
    inputs, data = bundled(load_diabetes)
    pipeline = PMMLPipeline([("regressor", GradientBoostingRegressor(n_estimators=20, max_depth=3, random_state=SEED))])
    target = pd.Series(data.target, name="progression")
    pipeline.fit(inputs, target)
    rows = sample_rows(inputs)
    save(folder, pipeline, rows, pd.DataFrame({"progression": pipeline.predict(rows)}), "scikit-learn GradientBoostingRegressor on diabetes")


def voting(folder):
    inputs, data = bundled(load_diabetes)
    parts = [("tree", DecisionTreeRegressor(max_depth=5, random_state=SEED)), ("linear", LinearRegression())]
    pipeline = PMMLPipeline([("regressor", VotingRegressor(parts, weights=[1, 3]))])
    pipeline.fit(inputs, pd.Series(data.target, name="progression"))
    rows = sample_rows(inputs)
    save(folder, pipeline, rows, pd.DataFrame({"progression": pipeline.predict(rows)}), "scikit-learn VotingRegressor with weights on diabetes; the trees make the inputs float32", rtol=1e-6)


def isolation_forest(folder):
    inputs, _ = bundled(load_iris)
    inputs.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    pipeline = PMMLPipeline([("detector", IsolationForest(n_estimators=10, max_samples=64, random_state=SEED))])
    pipeline.fit(inputs)
    rows = sample_rows(inputs)
    expected = pd.DataFrame({"decisionFunction": pipeline.decision_function(rows), "outlier": pipeline.predict(rows) == -1})
    save(folder, pipeline, rows, expected, "scikit-learn IsolationForest on iris, as a MiningModel of trees with outputs")


def statsmodels_ols(folder):
    inputs, data = bundled(load_diabetes)
    pipeline = PMMLPipeline([("regressor", StatsModelsRegressor(sm.OLS, fit_intercept=True))])
    pipeline.fit(inputs, pd.Series(data.target, name="progression"))
    rows = sample_rows(inputs)
    save(folder, pipeline, rows, pd.DataFrame({"progression": np.asarray(pipeline.predict(rows))}), "StatsModels ordinary least squares on diabetes")


def forest_data(folder):
    """The data of the R forest, which forest.R trains: training rows and, in the sample's folder, its inputs."""
    columns = ["age", "income", "amount", "months", "employment", "purpose", "region", "defaulted"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, seed in [("train.csv", 600, SEED + 20), ("input.csv", ROWS, SEED + 30)]:
        frame = loans(rows + 200, seed)[columns].dropna().head(rows)
        if name == "input.csv":
            frame = frame.drop(columns="defaulted")
        frame.to_csv(folder / name, index=False, lineterminator="\n")


def forest_finish(folder):
    """Brings what forest.R wrote to the form of the other samples."""
    model = folder / "model.pmml"
    model.write_text(without_time(model.read_text(encoding="utf-8")), encoding="utf-8")
    inputs, expected = pd.read_csv(folder / "input.csv"), pd.read_csv(folder / "expected.csv")
    save_data(folder, inputs, expected, "R randomForest on synthetic loans, written by JPMML-R", 1e-9, 1e-12)


SAMPLES = {
    "iris": iris,
    "loan-pipeline": loan_pipeline,
    "xgboost": xgboost_missing,
    "xgboost-classes": xgboost_classes,
    "lightgbm": lightgbm_categories,
    "random-forest": random_forest,
    "stacking": stacking,
    "calibrated": calibrated,
    "boosted-regression": boosted_regression,
    "voting": voting,
    "isolation-forest": isolation_forest,
    "statsmodels-ols": statsmodels_ols,
}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1])
    if sys.argv[2:3] == ["--forest-data"]:
        forest_data(root)
    elif sys.argv[2:3] == ["--forest-finish"]:
        forest_finish(root)
    else:
        for name in sys.argv[2:] or SAMPLES:
            print(name, flush=True)
            SAMPLES[name](root / name)


if __name__ == "__main__":
    main()

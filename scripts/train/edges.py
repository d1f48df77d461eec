"""Writes testdata/edges: small documents on the edges of the standard, with JPMML-Evaluator's answers.

usage: edges.py EDGES_DIR ORACLE

ORACLE is scripts/peers/oracle. Each document differs from its neighbours in one thing, so that a failing case says what
is wrong. Rows that JPMML refuses, or where its two modes differ, are moved to errors.csv with the reason: there it is no
judge. A document that JPMML refuses is not written.
"""

import csv
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.sax.saxutils import quoteattr

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
 <Header/>
 <DataDictionary>
%s </DataDictionary>
%s%s</PMML>
"""

FIELDS = {
    "x": '  <DataField name="x" optype="continuous" dataType="double"/>\n',
    "y": '  <DataField name="y" optype="continuous" dataType="double"/>\n',
    "n": '  <DataField name="n" optype="continuous" dataType="integer"/>\n',
    "f": '  <DataField name="f" optype="continuous" dataType="float"/>\n',
    "b": '  <DataField name="b" optype="categorical" dataType="boolean"/>\n',
    "s": '  <DataField name="s" optype="categorical" dataType="string"/>\n',
    "c": '  <DataField name="c" optype="categorical" dataType="string">\n   <Value value="a"/><Value value="b"/><Value value="c"/>\n  </DataField>\n',
    "label": '  <DataField name="label" optype="categorical" dataType="string">\n   <Value value="yes"/><Value value="no"/><Value value="maybe"/>\n  </DataField>\n',
    "t": '  <DataField name="t" optype="continuous" dataType="double"/>\n',
}

CASES = []  # of (name, about, document, columns, rows)


def case(name, about, model, columns, rows, target, fields=None, dictionary=""):
    """Keeps a document whose model text has {schema} where its mining schema belongs."""
    declared = "".join((fields or {}).get(f, FIELDS[f]) for f in columns + [target])
    schema = "<MiningSchema>" + "".join(f'<MiningField name="{c}"/>' for c in columns) + f'<MiningField name="{target}" usageType="target"/></MiningSchema>'
    CASES.append((name, about, HEAD % (declared, dictionary, model.replace("{schema}", schema)), columns, rows))


def attributes(**named):
    return "".join(f" {k}={quoteattr(str(v))}" for k, v in named.items() if v is not None)


def grid(*values):
    return list(itertools.product(*values))


NA = None


def choice(name, inside='<Value value="a"/><Value value="b"/><Value value="?" property="missing"/><Value value="bad" property="invalid"/>'):
    return f'  <DataField name="{name}" optype="categorical" dataType="string">{inside}</DataField>\n'


# Trees.

TREE_OUTPUT = """<Output>
<OutputField name="entity" optype="categorical" dataType="string" feature="entityId"/>
<OutputField name="p_yes" optype="continuous" dataType="double" feature="probability" value="yes"/>
<OutputField name="p_no" optype="continuous" dataType="double" feature="probability" value="no"/>
<OutputField name="confidence" optype="continuous" dataType="double" feature="confidence"/>
</Output>
"""


def node(i, predicate, score, counts=None, children="", default=None):
    record = sum(counts.values()) if counts else None
    shares = "".join(f'<ScoreDistribution value="{k}" recordCount="{v}" confidence="{(v + 1) / (record + 2):.4f}"/>' for k, v in (counts or {}).items())
    return f"<Node{attributes(id=i, score=score, recordCount=record, defaultChild=default)}>{predicate}{shares}\n{children}</Node>\n"


def simple(field, operator, value=None):
    return f"<SimplePredicate{attributes(field=field, operator=operator, value=value)}/>"


def among(field, operator, *values):
    return f'<SimpleSetPredicate field="{field}" booleanOperator="{operator}"><Array type="string" n="{len(values)}">{" ".join(values)}</Array></SimpleSetPredicate>'


def compound(operator, *predicates):
    return f'<CompoundPredicate booleanOperator="{operator}">{"".join(predicates)}</CompoundPredicate>'


def tree(function, strategy, no_true, penalty=None, scores=("yes", "yes", "no", "yes", "no", "no", "yes"), output=TREE_OUTPUT, counted=True):
    def counts(yes, no):
        return {"yes": yes, "no": no} if counted else None

    root = node("0", "<True/>", scores[0], counts(60, 40), default="2", children=(
        node("1", simple("x", "lessOrEqual", 5), scores[1], counts(50, 20), default="3", children=(
            node("3", among("c", "isIn", "a"), scores[3], counts(35, 5))
            + node("4", simple("c", "equal", "b"), scores[4], counts(15, 15))))
        + node("2", simple("x", "greaterThan", 5), scores[2], counts(10, 20), default="5", children=(
            node("5", simple("y", "lessThan", 0), scores[5], counts(2, 18))
            + node("6", compound("and", simple("y", "greaterOrEqual", 0), simple("y", "lessThan", 10)), scores[6], counts(8, 2))))
    ))
    head = attributes(functionName=function, missingValueStrategy=strategy, noTrueChildStrategy=no_true, missingValuePenalty=penalty, splitCharacteristic="multiSplit")
    return f"<TreeModel{head}>\n{{schema}}\n{output}{root}</TreeModel>\n"


TREE_ROWS = grid([1, 9, NA], [-1, 5, 50, NA], ["a", "b", "c", NA])
for strategy in ["none", "lastPrediction", "nullPrediction", "defaultChild", "weightedConfidence", "aggregateNodes"]:
    for no_true in ["returnNullPrediction", "returnLastPrediction"]:
        case(f"tree-{strategy}-{no_true}", f"missingValueStrategy {strategy}, noTrueChildStrategy {no_true}",
             tree("classification", strategy, no_true), ["x", "y", "c"], TREE_ROWS, "label")
case("tree-penalty", "missingValuePenalty lowers the confidence for each missing decision",
     tree("classification", "defaultChild", "returnLastPrediction", penalty=0.8), ["x", "y", "c"], TREE_ROWS, "label")
NUMBERS = ("0.5", "1.5", "2.5", "3.5", "4.5", "5.5", "6.5")
for strategy in ["none", "lastPrediction", "nullPrediction", "defaultChild", "aggregateNodes"]:
    case(f"tree-regression-{strategy}", f"regression tree, missingValueStrategy {strategy}",
         tree("regression", strategy, "returnLastPrediction", scores=NUMBERS, output="", counted=strategy == "aggregateNodes"), ["x", "y", "c"], TREE_ROWS, "t")

# Regression.

TERMS = [
    '<NumericPredictor name="x" coefficient="0.75"/><NumericPredictor name="n" exponent="2" coefficient="-0.05"/><CategoricalPredictor name="c" value="a" coefficient="0.6"/>'
    '<CategoricalPredictor name="c" value="b" coefficient="-0.4"/><PredictorTerm coefficient="0.1"><FieldRef field="x"/><FieldRef field="n"/></PredictorTerm>',
    '<NumericPredictor name="x" coefficient="-0.5"/><CategoricalPredictor name="c" value="c" coefficient="1.1"/>',
]
REGRESSION_ROWS = grid([-1.5, 0, 2, NA], [-2, 0, 3, NA], ["a", "b", "c", NA])


def probabilities(labels):
    return "<Output>" + "".join(
        f'<OutputField name="p_{v}" optype="continuous" dataType="double" feature="probability" value="{v}"/>' for v in labels) + "</Output>\n"


def regression(function, method, tables, output=""):
    return f"<RegressionModel{attributes(functionName=function, normalizationMethod=method)}>\n{{schema}}\n{output}{tables}</RegressionModel>\n"


def table(intercept, terms, category=None):
    return f"<RegressionTable{attributes(intercept=intercept, targetCategory=category)}>{terms}</RegressionTable>\n"


for method in ["none", "simplemax", "softmax", "logit", "probit", "cloglog", "exp", "loglog", "cauchit"]:
    for labels in [["yes", "no"], ["yes", "no", "maybe"]]:
        tables = table(0.25, TERMS[0], "yes") + (table(-0.5, TERMS[1], "no") if len(labels) == 3 else "") + table(0.1 if len(labels) == 3 else 0, "", labels[-1])
        case(f"regression-{method}-{len(labels)}", f"classification of {len(labels)} categories, normalizationMethod {method}",
             regression("classification", method, tables, probabilities(labels)), ["x", "n", "c"], REGRESSION_ROWS, "label",
             fields={"label": choice("label", "".join(f'<Value value="{v}"/>' for v in labels))})
    case(f"regression-{method}", f"regression, normalizationMethod {method}",
         regression("regression", method, table(0.25, TERMS[0])), ["x", "n", "c"], REGRESSION_ROWS, "t")

# Mining models. Members name the target too: JPMML gives a selected member's result only under its own target's name.

TARGETS = {"classification": "label", "regression": "t"}

def segment(i, predicate, model, weight=None):
    return f"<Segment{attributes(id=i, weight=weight)}>{predicate}\n{model}</Segment>\n"


def member(function, scores, missing="nullPrediction"):
    """A tree of three leaves; without a score if y is missing, and none for c."""
    def distribution(score):
        rest = {"yes": 0.2, "no": 0.2, "maybe": 0.2} | {score: 0.6}
        return "".join(f'<ScoreDistribution value="{k}" recordCount="{v}"/>' for k, v in rest.items()) if function == "classification" else ""

    leaves = "".join(f'<Node score="{s}">{p}{distribution(s)}</Node>' for s, p in zip(
        scores, [simple("y", "lessThan", 0), simple("y", "lessThan", 3), simple("y", "greaterOrEqual", 3)]))
    return f'<TreeModel functionName="{function}" missingValueStrategy="{missing}" splitCharacteristic="multiSplit"><MiningSchema><MiningField name="y"/><MiningField name="{TARGETS[function]}" usageType="target"/></MiningSchema><Node><True/>{leaves}</Node></TreeModel>\n'


def constant(function, score):
    shares = "".join(f'<ScoreDistribution value="{v}" recordCount="{7 if v == score else 2}"/>' for v in ["yes", "no", "maybe"]) if function == "classification" else ""
    return f'<TreeModel functionName="{function}"><MiningSchema><MiningField name="x"/><MiningField name="{TARGETS[function]}" usageType="target"/></MiningSchema><Node score="{score}"><True/>{shares}</Node></TreeModel>\n'


MINING_ROWS = grid([-1, 1, 4, NA], [-2, 1, 5, NA], ["a", "b", NA])

# Rows with a member that is not missing: JPMML says 0 for the sum of no members, the standard does not say so.
SOME_MEMBER = [row for row in MINING_ROWS if row[1] is not NA or row[0] in (1, 4)]


def mining(function, method, treatment, threshold, scores, output=""):
    segments = (
        segment("one", simple("x", "greaterThan", 0), constant(function, scores[0]), 1)
        + segment("two", simple("c", "equal", "a"), member(function, scores[:3]), 2)
        + segment("three", simple("x", "lessThan", 3), member(function, scores[1:4]), 0.5)
        + segment("four", "<True/>", member(function, scores[2:5]), 0.25)
        + segment("five", "<False/>", constant(function, scores[4]), 8)
    )
    head = attributes(multipleModelMethod=method, missingPredictionTreatment=treatment, missingThreshold=threshold)
    return f'<MiningModel functionName="{function}">\n{{schema}}\n{output}<Segmentation{head}>\n{segments}</Segmentation>\n</MiningModel>\n'


TREATMENTS = [("continue", None), ("returnMissing", None), ("skipSegment", None), ("skipSegment", 0.3)]
for treatment, threshold in TREATMENTS:
    suffix = treatment + (f"-{threshold}" if threshold else "")
    for method in ["average", "weightedAverage", "median", "weightedMedian", "sum", "weightedSum", "selectFirst", "selectAll"]:
        case(f"mining-{method}-{suffix}", f"regression segments, {method}, missingPredictionTreatment {treatment}, missingThreshold {threshold}",
             mining("regression", method, treatment, threshold, ["1.5", "2.25", "-4", "8", "16.5"]), ["x", "y", "c"],
             SOME_MEMBER if method in ("sum", "weightedSum") and suffix == "skipSegment" else MINING_ROWS, "t")
    for method in ["majorityVote", "weightedMajorityVote", "average", "weightedAverage", "median", "max", "selectFirst"]:
        case(f"mining-classification-{method}-{suffix}", f"classification segments, {method}, missingPredictionTreatment {treatment}, missingThreshold {threshold}",
             mining("classification", method, treatment, threshold, ["yes", "no", "maybe", "yes", "no"], probabilities(["yes", "no", "maybe"])), ["x", "y", "c"], MINING_ROWS, "label")

CHAIN = """<MiningModel functionName="regression">
{schema}
<Segmentation multipleModelMethod="modelChain">
<Segment id="first"><True/>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="t" usageType="target"/></MiningSchema>
<Output><OutputField name="half" optype="continuous" dataType="double" feature="predictedValue" isFinalResult="false"/>
<OutputField name="twice" optype="continuous" dataType="double" feature="transformedValue"><Apply function="*"><FieldRef field="half"/><Constant>4</Constant></Apply></OutputField></Output>
<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="0.5"/></RegressionTable></RegressionModel></Segment>
<Segment id="second">%s
<RegressionModel functionName="regression"><MiningSchema><MiningField name="half"/><MiningField name="y"/><MiningField name="t" usageType="target"/></MiningSchema>
<Output><OutputField name="sum" optype="continuous" dataType="double" feature="predictedValue"/></Output>
<RegressionTable intercept="1"><NumericPredictor name="half" coefficient="1"/><NumericPredictor name="y" coefficient="10"/></RegressionTable></RegressionModel></Segment>
</Segmentation>
</MiningModel>
"""
case("mining-chain", "modelChain: an output that is not final is a field of the next segment", CHAIN % "<True/>", ["x", "y"], grid([-2, 0, 3, NA], [-1, 2, NA]), "t")
case("mining-chain-predicate", "modelChain: the last segment is chosen by an output of the first", CHAIN % simple("half", "greaterThan", 0), ["x", "y"], grid([-2, 0, 3, NA], [-1, 2, NA]), "t")

# Predicates: selectAll lists the segments whose predicate is true.

P = [simple("x", "lessThan", 2), simple("y", "greaterThan", 0), among("c", "isIn", "a", "b"), among("c", "isNotIn", "a")]
PREDICATES = P + [simple("x", "isMissing"), simple("x", "isNotMissing"), simple("c", "notEqual", "a"), simple("x", "equal", "1.0"), simple("x", "notEqual", 1)]
PREDICATES += [compound(o, P[0], P[1]) for o in ["and", "or", "xor"]] + [compound(o, P[0], P[1], P[2]) for o in ["and", "or", "xor"]]
PREDICATES += [compound("surrogate", P[0], P[1], P[2]), compound("surrogate", compound("and", P[0], P[1]), P[3], "<True/>"), compound("surrogate", P[0], "<False/>")]
PREDICATES += [compound("and", compound("or", P[0], P[1]), compound("xor", P[1], P[2])), compound("or", simple("x", "isMissing"), P[1])]
case("predicates", "three-valued predicates: segments 1 to n whose predicate is true",
     '<MiningModel functionName="regression">\n{schema}\n<Segmentation multipleModelMethod="selectAll">\n'
     + "".join(segment(i, p, constant("regression", i)) for i, p in enumerate(PREDICATES + ["<True/>"], 1)) + "</Segmentation>\n</MiningModel>\n",
     ["x", "y", "c"], grid([1, 3, NA], [-1, 1, NA], ["a", "b", "c", NA]), "t")

# Mining schema: what the treatments leave of a value is shown by outputs.


def schema_case(name, about, declared, used, rows):
    """declared: name → DataField; used: name → attributes of its MiningField."""
    schema = "<MiningSchema>" + "".join(f'<MiningField name="{n}"{attributes(**a)}/>' for n, a in used.items()) + '<MiningField name="t" usageType="target"/></MiningSchema>'
    outputs = "".join(f'<OutputField name="{n}_used" optype="categorical" dataType="string" feature="transformedValue"><FieldRef field="{n}"/></OutputField>' for n in used)
    model = f'<RegressionModel functionName="regression">\n{schema}\n<Output>{outputs}</Output>\n{table(1, "")}</RegressionModel>\n'
    CASES.append((name, about, HEAD % ("".join(declared.values()) + FIELDS["t"], "", model), list(used), rows))


def real(name, inside=""):
    return f'  <DataField name="{name}" optype="continuous" dataType="double">{inside}</DataField>\n'


INTERVAL = '<Interval closure="closedOpen" leftMargin="0" rightMargin="10"/><Value value="-999" property="missing"/>'
for treatment, replacement in [("returnInvalid", None), ("asIs", None), ("asMissing", None), ("asMissing", "missing"), ("asValue", "value")]:
    def extra(m, v, t=treatment, r=replacement):
        return {"invalidValueTreatment": t, "missingValueReplacement": m if r == "missing" else None, "invalidValueReplacement": v if r == "value" else None}
    schema_case(f"schema-{treatment}" + ("-replaced" if replacement == "missing" else ""), f"invalidValueTreatment {treatment}, replacement of {replacement} values",
                {"x": real("x", INTERVAL), "c": choice("c")}, {"x": extra("5", "7"), "c": extra("a", "b")},
                grid([0, 9.5, 10, -1, -999, NA], ["a", "b", "z", "?", "bad", NA]))
for treatment in ["asIs", "asMissingValues", "asExtremeValues"]:
    schema_case(f"schema-outliers-{treatment}", f"outliers {treatment}, with and without missingValueReplacement",
                {"x": real("x"), "y": real("y")},
                {"x": {"outliers": treatment, "lowValue": -1, "highValue": 1}, "y": {"outliers": treatment, "lowValue": -1, "highValue": 1, "missingValueReplacement": 0.5}},
                grid([-1.5, -1, 0, 1, 1.5, NA], [-2, 0.25, 2, NA]))

# Functions: one output an expression, in groups that JPMML's refusals do not mix.


def apply(function, *arguments, **named):
    return f"<Apply{attributes(function=function, **named)}>" + "".join(arguments) + "</Apply>"


def ref(name, **named):
    return f"<FieldRef{attributes(field=name, **named)}/>"


def const(value, kind=None, **named):
    return f"<Constant{attributes(dataType=kind, **named)}>{value}</Constant>"


def functions(name, about, columns, rows, expressions, kind="double"):
    optype = "continuous" if kind in ("double", "integer", "float") else "categorical"
    outputs = "".join(f'<OutputField name="{n}" optype="{optype}" dataType="{kind}" feature="transformedValue">{e}</OutputField>\n' for n, e in expressions.items())
    case(f"functions-{name}", about, regression("regression", None, table(1, ""), f"<Output>\n{outputs}</Output>\n"), columns, rows, "t")


x, y, n, c, s, b, f = map(ref, "xyncsbf")
NUMBER_ROWS = grid([-2.5, 0.5, 3, NA], [-1.25, 2, 7, NA])
functions("arithmetic", "arithmetic, missing where an argument is", ["x", "y"], NUMBER_ROWS,
          {o: apply(w, x, y) for o, w in [("plus", "+"), ("minus", "-"), ("times", "*"), ("divided", "/"), ("modulo", "modulo")]} | {"mapped": apply("+", x, y, mapMissingTo=-1), "defaulted": apply("+", x, y, defaultValue=-1)})
functions("integers", "integer arithmetic", ["n"], [(v,) for v in [-7, -2, 1, 3, 8, NA]],
          {"plus": apply("+", n, const(2, "integer")), "minus": apply("-", const(2, "integer"), n), "times": apply("*", n, const(3, "integer")), "mixed": apply("*", n, const("0.5", "double")), "modulo": apply("modulo", n, const(3, "integer"))})
# Integer by integer is not asked: JPMML cuts off the fraction, the standard does not say so.
functions("division", "an integer divided by a real", ["n"], [(v,) for v in [-7, -2, 1, 3, 8, NA]], {"divided": apply("/", n, const("2", "double"))})
functions("aggregates", "aggregates leave missing arguments out", ["x", "y", "f"], grid([-2.5, 3, NA], [1, 7, NA], [0.5, NA]),
          {w: apply(w, x, y, f) for w in ["min", "max", "sum", "avg", "product"]})
functions("rounding", "floor, ceil, round, rint of halves and negatives", ["x"], [(v,) for v in [-2.5, -1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 2.4999, 7, NA]], {w: apply(w, x) for w in ["floor", "ceil", "round", "rint", "abs"]})
functions("elementary", "exp, logarithms, roots, powers, trigonometry", ["x", "y"], grid([0.25, 0.5, 1, NA], [-0.75, 0.5, NA]),
          {w: apply(w, x) for w in ["ln", "log10", "sqrt", "ln1p"]} | {w: apply(w, y) for w in ["exp", "expm1", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"]}
          | {"pow": apply("pow", x, y), "threshold": apply("threshold", x, y), "hypot": apply("hypot", x, y), "atan2": apply("x-atan2", x, y)})
functions("distributions", "normal distribution", ["x", "y"], grid([-2.5, 0, 0.5, 3], [0.5, 2]),
          {w: apply(w, x, const(1, "double"), y) for w in ["normalCDF", "normalPDF"]} | {w: apply(w, x) for w in ["stdNormalCDF", "stdNormalPDF", "erf"]})
functions("comparisons", "comparisons of numbers", ["x", "y"], NUMBER_ROWS, {w: apply(w, x, y) for w in ["equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual"]}, "boolean")
functions("logic", "and, or, not of booleans", ["b", "x"], grid(["true", "false", NA], [1, -1]),
          {"and": apply("and", b, apply("lessThan", x, const(0))), "or": apply("or", b, apply("lessThan", x, const(0))), "not": apply("not", b)}, "boolean")
functions("tests", "isMissing and its family, isIn", ["c", "x"], grid(["a", "c", NA], [1, 2.5, NA]),
          {w: apply(w, c) for w in ["isMissing", "isNotMissing", "isValid", "isNotValid"]} | {"in": apply("isIn", c, const("a"), const("b")), "not_in": apply("isNotIn", c, const("a"), const("b")), "number_in": apply("isIn", x, const("1"), const("2"))}, "boolean")
functions("if", "if: only the branch that is taken is evaluated", ["x", "y"], grid([-1, 0, 2, NA], [1, NA]),
          {"guarded": apply("if", apply("isMissing", x), const(-9), apply("+", x, y)), "short": apply("if", apply("isMissing", x), const(5)), "mapped": apply("if", apply("greaterThan", ref("x", mapMissingTo="0"), const(0)), y, const(-1), mapMissingTo="-5"), "defaulted": apply("if", apply("isNotMissing", x), y, const(-1), defaultValue="7")})
functions("texts", "functions of text", ["s"], [(v,) for v in ["Hello World", "  trim me ", "ab", "", "Grüße", NA]],
          {w: apply(w, s) for w in ["uppercase", "lowercase", "trimBlanks"]} | {"part": apply("substring", s, const(2, "integer"), const(3, "integer")), "joined": apply("concat", s, const("-"), const(1, "integer"), const("2.0", "double")), "replaced": apply("replace", s, const("[aeiou]"), const("*")), "groups": apply("replace", s, const("([A-Za-z])([A-Za-z])"), const("$2$1"))}, "string")
functions("lengths", "stringLength", ["s"], [(v,) for v in ["Hello World", "  trim me ", "", "Grüße", NA]], {"length": apply("stringLength", s)}, "integer")
functions("matches", "matches finds anywhere", ["s"], [(v,) for v in ["Hello World", "world", "", "WORLD 7", NA]], {"word": apply("matches", s, const("o.?l")), "whole": apply("matches", s, const("^world$")), "digit": apply("matches", s, const("\\d"))}, "boolean")
functions("numbers-as-text", "numbers turned into text, in formatNumber and by the declared type", ["x", "n"], grid([1, -0.5, 1e-5, 123456789, 1e21, NA], [0, -3, 1000000, NA]),
          {"x_text": x, "n_text": n, "joined": apply("concat", x, const("/"), n), "wide": apply("formatNumber", n, const("%5d")), "fixed": apply("formatNumber", x, const("%.3f"))}, "string")

# Expressions.
DERIVED = ' <TransformationDictionary>\n%s </TransformationDictionary>\n'
NORM = '<NormContinuous field="x"%s><LinearNorm orig="0" norm="-1"/><LinearNorm orig="2" norm="0.5"/><LinearNorm orig="4" norm="10"/></NormContinuous>'
functions("norm-continuous", "NormContinuous inside and outside of its range", ["x"], [(v,) for v in [-1, 0, 1, 2, 3, 4, 6, NA]],
          {o: NORM % attributes(outliers=o) for o in ["asIs", "asMissingValues", "asExtremeValues"]} | {"mapped": NORM % attributes(mapMissingTo=99)})
BINS = "".join(f'<DiscretizeBin binValue="{v}"><Interval{attributes(closure=k, leftMargin=l, rightMargin=r)}/></DiscretizeBin>' for v, k, l, r in [("below", "openOpen", None, 0), ("low", "closedOpen", 0, 1), ("high", "closedClosed", 2, 3)])
functions("discretize", "Discretize with gaps, defaults and mapMissingTo", ["x"], [(v,) for v in [-1, 0, 0.5, 1, 2, 3, 3.5, NA]],
          {"plain": f'<Discretize field="x">{BINS}</Discretize>', "with_default": f'<Discretize field="x" defaultValue="gap">{BINS}</Discretize>', "mapped": f'<Discretize field="x" mapMissingTo="none" defaultValue="gap">{BINS}</Discretize>'}, "string")
ROWS_OF_MAP = "<InlineTable><row><k>a</k><m>1</m><out>one</out></row><row><k>b</k><m>1</m><out>two</out></row><row><k>b</k><m>2</m><out>three</out></row></InlineTable>"
PAIRS = '<FieldColumnPair field="c" column="k"/><FieldColumnPair field="n" column="m"/>'
functions("map-values", "MapValues of two keys", ["c", "n"], grid(["a", "b", "c", NA], [1, 2, NA]),
          {"plain": f'<MapValues outputColumn="out">{PAIRS}{ROWS_OF_MAP}</MapValues>', "with_default": f'<MapValues outputColumn="out" defaultValue="other">{PAIRS}{ROWS_OF_MAP}</MapValues>', "mapped": f'<MapValues outputColumn="out" defaultValue="other" mapMissingTo="none">{PAIRS}{ROWS_OF_MAP}</MapValues>'}, "string")
functions("norm-discrete", "NormDiscrete", ["c"], [("a",), ("b",), (NA,)], {"is_a": '<NormDiscrete field="c" value="a"/>', "mapped": '<NormDiscrete field="c" value="a" mapMissingTo="0.5"/>'})

# Targets.


def target(inside="", **named):
    return f"<Targets><Target{attributes(field='t', **named)}>{inside}</Target></Targets>\n"


for name, about, text in [
    ("rescale", "rescaleFactor, then rescaleConstant", target(rescaleFactor="2.5", rescaleConstant="-1")),
    ("min-max", "min and max before rescaling", target(min="-1", max="2", rescaleFactor="10")),
    ("round", "castInteger round", target(castInteger="round", rescaleFactor="1.5")),
    ("ceiling", "castInteger ceiling", target(castInteger="ceiling")),
    ("floor", "castInteger floor", target(castInteger="floor")),
    ("default", "defaultValue for a missing prediction", target('<TargetValue defaultValue="42"/>')),
]:
    model = f'<RegressionModel functionName="regression">\n{{schema}}\n{text}{table(0.25, chr(60) + "NumericPredictor name=" + quoteattr("x") + " coefficient=" + quoteattr("1.5") + "/>")}</RegressionModel>\n'
    case(f"targets-{name}", about, model, ["x"], [(v,) for v in [-2.5, -0.5, 0.5, 0.8333333333333334, 1.1, 3, NA]], "t")


# Scorecards.

REASONS = "<Output>" + '<OutputField name="score" optype="continuous" dataType="double" feature="predictedValue"/>' + "".join(
    f'<OutputField name="reason{i}" optype="categorical" dataType="string" feature="reasonCode" rank="{i}"/>' for i in range(1, 6)) + "</Output>\n"


def points(score, predicate, code=None, computed=""):
    return f"<Attribute{attributes(partialScore=score, reasonCode=code)}>{predicate}{computed and f'<ComplexPartialScore>{computed}</ComplexPartialScore>'}</Attribute>\n"


def characteristic(*scored, **named):
    return f"<Characteristic{attributes(**named)}>\n{''.join(scored)}</Characteristic>\n"


def scorecard(*characteristics, output=REASONS, before="", **named):
    return f"<Scorecard{attributes(functionName='regression', **named)}>\n{{schema}}\n{output}{before}<Characteristics>\n{''.join(characteristics)}</Characteristics>\n</Scorecard>\n"


def binned(field, *scores, **named):
    """One score each for a missing value, for less than 0, from 0 to less than 2, exactly 2, and more."""
    between = compound("and", simple(field, "greaterOrEqual", 0), simple(field, "lessThan", 2))
    asked = [simple(field, "isMissing"), simple(field, "lessThan", 0), between, simple(field, "equal", "2.0"), simple(field, "greaterThan", 2)]
    return characteristic(*[points(s, p) for s, p in zip(scores, asked)], **named)


def named_points(field, scores, rest, **named):
    return characteristic(*[points(s, simple(field, "equal", v)) for v, s in scores.items()], points(rest, "<True/>"), **named)


CARD_ROWS = grid([-1, 0, 1.5, 2, 7, NA], [-3, 1, NA], ["a", "b", "z", NA])
THREE = (binned("x", -9, 19, 3, 6, 0, name="X", reasonCode="RX", baselineScore=12), binned("y", 5, 12.5, -1, 2, 8, name="Y", reasonCode="RY", baselineScore=7),
         named_points("s", {"a": 10, "b": 4}, 1, name="S", reasonCode="RS", baselineScore=4))
for algorithm in ["pointsAbove", "pointsBelow", None]:
    case(f"scorecard-{algorithm or 'default'}", f"reasonCodeAlgorithm {algorithm}, a baselineScore for each characteristic",
         scorecard(*THREE, initialScore="100.5", reasonCodeAlgorithm=algorithm, baselineMethod="mean"), ["x", "y", "s"], CARD_ROWS, "t")
for method in ["max", "min", "mean", "neutral", "other"]:
    case(f"scorecard-baseline-{method}", f"one baselineScore for all, baselineMethod {method}",
         scorecard(binned("x", 1, 5, 3, 7, 9, reasonCode="RX"), binned("y", 2, 4, 6, 5, 3, reasonCode="RY", baselineScore=6), named_points("s", {"a": 8, "b": 5}, 0, reasonCode="RS"),
                   baselineScore=5, baselineMethod=method), ["x", "y", "s"], CARD_ROWS, "t")
case("scorecard-attribute-codes", "reason codes of attributes go before those of characteristics, and differences of one code add up",
     scorecard(characteristic(points(3, simple("x", "lessThan", 0), "LOW"), points(5, simple("x", "lessThan", 2)), points(20, simple("x", "greaterOrEqual", 2), "HIGH"), points(0, "<True/>", "NONE"), reasonCode="RX", baselineScore=10),
               characteristic(points(1, simple("y", "lessThan", 0), "LOW"), points(9, simple("y", "greaterOrEqual", 0), "HIGH"), points(4, simple("y", "isMissing"), "NONE"), baselineScore=6),
               named_points("s", {"a": 4, "b": 2}, 6, reasonCode="RX", baselineScore=5)), ["x", "y", "s"], CARD_ROWS, "t")
TIED = [(1, 1, 1), (5, 1, 1), (1, 5, 1), (1, 1, 5), (5, 5, 5), (2, 5, 2), (2, 2, 5), (5, 2, 2), (0, 9, 0)]
case("scorecard-ties", "equal differences, differences of zero and below zero: the order of the characteristics",
     scorecard(*[characteristic(points(None, "<True/>", code, ref(f)), reasonCode="other", baselineScore=5) for f, code in [("x", "Z"), ("y", "A"), ("n", "M")]]), ["x", "y", "n"], TIED, "t")
case("scorecard-ties-of-attributes", "of equal codes the one that the record met first, not the one that the document names first",
     scorecard(*[characteristic(points(1, simple(f, "lessThan", 0), "first"), points(1, "<True/>", "second"), baselineScore=b) for f, b in [("x", 3), ("y", 3), ("n", 5)]]), ["x", "y", "n"], grid([-1, 1, NA], [-1, 1], [-1, 1]), "t")
case("scorecard-no-reasons", "useReasonCodes false: neither codes nor baselines are needed",
     scorecard(binned("x", 1, 2, 3, 4, 5), named_points("s", {"a": 2}, 1), useReasonCodes="false", output="", initialScore=-3), ["x", "s"], grid([-1, 0, 2, 3, NA], ["a", "b", NA]), "t")
case("scorecard-no-reasons-scorecard-codes", "useReasonCodes false, with codes",
     scorecard(*THREE, useReasonCodes="false", output=""), ["x", "y", "s"], CARD_ROWS, "t")
case("scorecard-complex", "partial scores that are computed; they go before partialScore",
     scorecard(characteristic(points(None, simple("x", "lessThan", 0), None, apply("+", apply("*", const("0.03"), ref("x")), const("11"))),
                              points(99, simple("x", "lessThan", 2), "OWN", apply("-", ref("x"), ref("y"))), points(None, "<True/>", None, ref("n")), reasonCode="RX", baselineScore=4),
               characteristic(points(1, simple("y", "isMissing")), points(None, simple("y", "lessThan", 0), None, const("2.5", "double")),
                              points(None, "<True/>", None, apply("if", apply("greaterThan", ref("n"), const("0")), const("7"), const("-1.5"))), reasonCode="RY", baselineScore=2)),
     ["x", "y", "n"], grid([-10, 0.5, 3, NA], [-1, 1, NA], [-2, 4, NA]), "t")
case("scorecard-complex-expressions", "partial scores of all kinds of expressions",
     scorecard(characteristic(points(None, "<True/>", None, NORM % attributes(outliers="asExtremeValues", mapMissingTo="3")), reasonCode="NORM", baselineScore=1),
               characteristic(points(None, simple("c", "isNotMissing"), None, '<MapValues outputColumn="out" defaultValue="1.5" dataType="double"><FieldColumnPair field="c" column="k"/><InlineTable><row><k>a</k><out>4</out></row><row><k>b</k><out>-2</out></row></InlineTable></MapValues>'),
                              points(0, "<True/>"), reasonCode="MAP", baselineScore=1),
               characteristic(points(None, "<True/>", None, '<Discretize field="x" defaultValue="0.5" mapMissingTo="-1" dataType="double"><DiscretizeBin binValue="2"><Interval closure="openOpen" rightMargin="1"/></DiscretizeBin></Discretize>'), reasonCode="BIN", baselineScore=1),
               characteristic(points(None, simple("c", "isNotMissing"), None, '<NormDiscrete field="c" value="a"/>'), points(0.25, "<True/>"), reasonCode="DUMMY", baselineScore=1),
               characteristic(points(None, "<True/>", None, ref("x", mapMissingTo="6")), reasonCode="REF", baselineScore=1)),
     ["x", "c"], grid([-1, 0.5, 1, 3, 9, NA], ["a", "b", "c", NA]), "t")
case("scorecard-predicates", "attributes whose predicates are of all kinds, unknown ones among them",
     scorecard(characteristic(points(1, compound("xor", simple("x", "lessThan", 0), simple("y", "lessThan", 0))), points(2, compound("surrogate", simple("x", "lessThan", 3), simple("y", "lessThan", 3))), points(4, "<True/>"), reasonCode="XY", baselineScore=2),
               characteristic(points(8, among("s", "isIn", "a", "b")), points(16, among("s", "isNotIn", "z")), points(32, simple("s", "notEqual", "a")), points(64, simple("s", "isMissing")), reasonCode="S", baselineScore=20),
               characteristic(points(128, compound("or", simple("x", "greaterThan", 5), simple("x", "isMissing"))), points(256, compound("and", simple("x", "greaterThan", 0), "<True/>")), points(512, "<True/>"), points(1024, "<True/>"), reasonCode="X", baselineScore=200)),
     ["x", "y", "s"], grid([-1, 0, 1.5, 7, NA], [-3, 5, NA], ["a", "b", "z", "other", NA]), "t")
case("scorecard-integer-bins", "bins of an integer field, written as numbers with a fraction",
     scorecard(binned("n", 1, 2, 3, 4, 5, reasonCode="RN", baselineScore=3)), ["n"], [(v,) for v in [-1, 0, 1, 2, 3, NA]], "t")
case("scorecard-float-bins", "bins of a float field: limits are rounded to 32 bits",
     scorecard(characteristic(points(1, simple("f", "lessThan", "0.1")), points(2, simple("f", "equal", "0.1")), points(3, simple("f", "greaterThan", "0.1")), points(4, "<True/>"), reasonCode="RF", baselineScore=3)),
     ["f"], [("0.1",), ("0.09999999",), ("0.10000001",), ("0.100000001490116119384765625",), (0,), (NA,)], "t")
for name, about, text in [("rescale", "rescaleFactor, rescaleConstant and castInteger of the total", target(rescaleFactor="1.5", rescaleConstant="-1", castInteger="round")),
                          ("bounds", "min and max of the total", target(min="5", max="20"))]:
    case(f"scorecard-targets-{name}", about, scorecard(*THREE, before=text), ["x", "y", "s"], CARD_ROWS, "t")
case("scorecard-targets-default", "a computed partial score is missing: defaultValue is the total, and there are no reason codes",
     scorecard(characteristic(points(None, "<True/>", None, ref("x")), reasonCode="RX", baselineScore=4), before=target('<TargetValue defaultValue="42"/>'), output=""), ["x"], [(1,), (NA,)], "t")
case("scorecard-float", "x-mathContext float", scorecard(binned("x", "0.1", "0.7", "3.3", "1e8", "-0.2", reasonCode="RX", baselineScore="0.3"), binned("y", "0.1", "0.2", "2.6", "1.1", "0.4", reasonCode="RY", baselineScore="0.1"),
                                                         initialScore="0.1", **{"x-mathContext": "float"}), ["x", "y"], grid([-1, 1, 2, 3, NA], [-1, 1, 2, 3, NA]), "t")
case("scorecard-derived", "characteristics of derived fields",
     scorecard(characteristic(points(3, simple("log", "lessThan", 0)), points(5, simple("log", "greaterOrEqual", 0)), points(7, simple("log", "isMissing")), reasonCode="LOG", baselineScore=6),
               before='<LocalTransformations><DerivedField name="log" optype="continuous" dataType="double"><Apply function="ln"><FieldRef field="x"/></Apply></DerivedField></LocalTransformations>\n'), ["x"], [(0.5,), (1,), (3,), (NA,)], "t")


def card_member(first, **named):
    inner = scorecard(binned("x", first, 2, 3, 4, 5, reasonCode="RX", baselineScore=4), named_points("c", {"a": 6}, 1, reasonCode="RC", baselineScore=3), output=named.pop("output", ""), **named)
    return inner.replace("{schema}", '<MiningSchema><MiningField name="x"/><MiningField name="c"/><MiningField name="t" usageType="target"/></MiningSchema>')


CARD_MEMBERS = [(simple("y", "greaterThan", 0), card_member(1, initialScore=10), 2), ("<True/>", card_member(7, initialScore=20, reasonCodeAlgorithm="pointsAbove"), 3), (simple("c", "equal", "a"), card_member(-1, useReasonCodes="false"), 0.5)]
for method in ["average", "weightedAverage", "median", "sum", "weightedSum", "selectFirst", "selectAll", "modelChain"]:
    decides = method in ("selectFirst", "modelChain")
    members = CARD_MEMBERS[:2] if decides else CARD_MEMBERS
    case(f"scorecard-members-{method}", f"scorecards as members, {method}", f'<MiningModel functionName="regression">\n{{schema}}\n{REASONS if decides else ""}<Segmentation multipleModelMethod="{method}">\n'
         + "".join(segment(i, p, m, w) for i, (p, m, w) in enumerate(members, 1)) + "</Segmentation>\n</MiningModel>\n", ["x", "y", "c"], grid([-1, 1, 2, NA], [-1, 1, NA], ["a", "b", NA]), "t")
case("scorecard-segment-reasons", "the reason codes of a segment by its id",
     '<MiningModel functionName="regression">\n{schema}\n<Output>' + "".join(f'<OutputField name="r{s}{i}" optype="categorical" dataType="string" feature="reasonCode" rank="{i}" segmentId="{s}"/>' for s in (1, 2) for i in (1, 2, 3))
     + '</Output><Segmentation multipleModelMethod="sum">\n' + "".join(segment(i, p, m, w) for i, (p, m, w) in enumerate(CARD_MEMBERS[:2], 1)) + "</Segmentation>\n</MiningModel>\n", ["x", "y", "c"], grid([-1, 1, 2, NA], [-1, 1, NA], ["a", "b", NA]), "t")
case("scorecard-chain", "the total and the first reason code of a scorecard are fields of the next member",
     '<MiningModel functionName="regression">\n{schema}\n<Segmentation multipleModelMethod="modelChain">\n'
     + segment("card", "<True/>", card_member(1, initialScore=10, output='<Output><OutputField name="total" optype="continuous" dataType="double" feature="predictedValue"/><OutputField name="why" optype="categorical" dataType="string" feature="reasonCode"/></Output>\n'))
     + segment("level", "<True/>", '<RegressionModel functionName="regression"><MiningSchema><MiningField name="total"/><MiningField name="why"/><MiningField name="t" usageType="target"/></MiningSchema>' + table(1, '<NumericPredictor name="total" coefficient="2"/><CategoricalPredictor name="why" value="RX" coefficient="100"/>') + "</RegressionModel>\n")
     + "</Segmentation>\n</MiningModel>\n", ["x", "c"], grid([-1, 1, 2, NA], ["a", "b", NA]), "t")


# Association rules. The rows of a transaction are one basket; a document without transactions has a field for each item.

ITEMS = {"1": "beer", "2": "bread", "3": "milk", "4": "wine"}
RULES = [  # antecedent, consequent, support, confidence, lift
    ("1", "2", 0.4, 0.8, 1.2), ("12", "3", 0.2, 0.5, 1.25), ("2", "3", 0.3, 0.5, 1.25), ("3", "12", 0.2, 0.9, 1.4),
    ("", "4", 0.6, 0.6, 1), ("4", "34", 0.1, 0.5, 0.7), ("123", "4", 0.15, 0.8, 1.2),
]


def rules(item, output, fields, schema, given=RULES, names=()):
    """An AssociationModel; item gives the attributes of an Item by id and name."""
    sets = sorted({s for rule in given for s in rule[:2]})
    inside = "".join(f"<Item{attributes(id=i, **item(i, v))}/>" for i, v in ITEMS.items())
    inside += "".join(f'<Itemset id="s{s}" numberOfItems="{len(s)}">{"".join(f"<ItemRef itemRef={quoteattr(i)}/>" for i in s)}</Itemset>' for s in sets)
    inside += "\n".join(f"<AssociationRule{attributes(antecedent='s' + a, consequent='s' + c, support=s, confidence=k, lift=l, id=n)}/>"
                        for (a, c, s, k, l), n in itertools.zip_longest(given, names))
    head = attributes(functionName="associationRules", numberOfTransactions=10, minimumSupport=0.1, minimumConfidence=0.1, numberOfItems=len(ITEMS), numberOfItemsets=len(sets), numberOfRules=len(given))
    return HEAD % (fields, "", f"<AssociationModel{head}>\n<MiningSchema>{schema}</MiningSchema>\n<Output>\n{output}</Output>\n{inside}</AssociationModel>\n")


BASKETS = [(n, item) for n, basket in enumerate([["beer"], ["beer", "bread"], ["bread", "milk", "bread"], ["wine", "milk", "bread", "beer"], ["tea"], [NA], ["wine", NA]]) for item in basket]
ITEM_FIELDS = choice("transaction", "") + choice("item", "")
ITEM_SCHEMA = '<MiningField name="transaction" usageType="group"/><MiningField name="item"/>'


def associate(name, about, output, item=lambda i, v: {"value": v}, rows=BASKETS, fields=ITEM_FIELDS, schema=ITEM_SCHEMA, columns=("transaction", "item"), **more):
    CASES.append((f"association-{name}", about, rules(item, output, fields, schema, **more), list(columns), rows))


def gives(name, data_type=None, **named):
    op_type = None if data_type is None else "continuous" if data_type in ("double", "integer", "float") else "categorical"
    return f"<OutputField{attributes(name=name, optype=op_type, dataType=data_type, **named)}/>\n"


ALGORITHMS = ["recommendation", "exclusiveRecommendation", "ruleAssociation"]
for algorithm in ALGORITHMS:
    associate(f"{algorithm}", f"algorithm {algorithm}, every basis and order of ranks", "".join(
        gives(f"{basis}_{order}", feature="ruleValue", ruleFeature="ruleId", algorithm=algorithm, rankBasis=basis, rankOrder=order, rank=0, isMultiValued=1)
        for basis in ["confidence", "support", "lift"] for order in ["descending", "ascending"]))
    associate(f"{algorithm}-features", f"algorithm {algorithm}, features of the first two rules", "".join(
        gives(f"{feature}_{rank}", feature="ruleValue", ruleFeature=feature, algorithm=algorithm, rank=rank)
        for feature in ["antecedent", "consequent", "rule", "ruleId", "confidence", "support", "lift"] for rank in [1, 2]))
associate("defaults", "what an output is without algorithm, ruleFeature, rank", gives("plain", feature="ruleValue") + gives("id", feature="ruleValue", ruleFeature="ruleId", rankOrder="ascending") + gives("entity", feature="entityId"))
associate("direct-features", "the features that are named directly since 4.2, with types", "".join(
    gives(f"{feature}_{t}", t, feature=feature, algorithm="recommendation") for feature, types in
    {"antecedent": ["string"], "consequent": ["string"], "rule": ["string"], "ruleId": ["string", "integer", "double"], "entityId": ["string", "double"], "confidence": ["double", "string", "float"], "support": ["double"], "lift": ["double"]}.items() for t in types))
associate("ranks", "ranks beyond the end, and lists", "".join(gives(f"{rank}_{many}", feature="ruleId", algorithm="recommendation", rank=rank, isMultiValued=many) for rank in [1, 2, 3, 99] for many in [0, 1]))
associate("ids", "rules with ids of their own", gives("ids", feature="ruleId", algorithm="recommendation", rank=0, isMultiValued=1) + gives("entity", feature="entityId", rank=2), names=["r-%d" % n for n in range(7)])
associate("mapped", "mappedValue and weight change nothing", gives("rule", feature="rule", algorithm="recommendation") + gives("consequent", feature="consequent"), item=lambda i, v: {"value": v, "mappedValue": v.upper(), "weight": 2})
associate("transactions", "transactions that are not in order, and one without a number", gives("ids", feature="ruleId", algorithm="recommendation", rank=0, isMultiValued=1),
          rows=[(2, "beer"), (1, "milk"), (NA, "wine"), (2, "bread"), (3, "tea"), (NA, "milk"), (1, "beer")])
ALL = gives("ids", feature="ruleId", algorithm="recommendation", rank=0, isMultiValued=1)
for treatment in ["returnInvalid", "asMissing", "asIs"]:
    associate(f"items-{treatment}", f"items that the field does not allow, {treatment}", ALL, fields=choice("transaction", "") + choice("item", "".join(f'<Value value="{v}"/>' for v in ITEMS.values()) + '<Value value="?" property="missing"/>'),
              schema=ITEM_SCHEMA.replace('"item"', f'"item" invalidValueTreatment="{treatment}"'), rows=BASKETS + [(20, "beer"), (20, "?"), (21, "?"), (22, "bread"), (22, "tea")])
associate("items-replaced", "a replacement for a missing item", ALL, schema=ITEM_SCHEMA.replace('"item"', '"item" missingValueReplacement="bread"'))
associate("items-whole", "items that are whole numbers", ALL, item=lambda i, v: {"value": i}, fields=choice("transaction", "") + '  <DataField name="item" optype="categorical" dataType="integer"/>\n',
          rows=[(1, 1), (1, 2), (2, "3.0"), (3, 4), (4, "x")])
associate("items-named", "items that name field and category", ALL, item=lambda i, v: {"value": "item " + i, "field": "item", "category": v})
ITEM_COLUMNS = tuple(ITEMS.values())
EACH = "".join(f'<MiningField name="{v}"/>' for v in ITEMS.values())
for data_type, values in {"boolean": ["true", "false", NA], "string": ["T", "F", NA], "integer": [1, 0, NA]}.items():
    associate(f"table-{data_type}", f"a field of type {data_type} for each item", ALL, fields="".join(f'  <DataField name="{v}" optype="categorical" dataType="{data_type}"/>\n' for v in ITEMS.values()),
              schema=EACH, columns=ITEM_COLUMNS, rows=[(*row, values[0]) for row in grid(values, values, values)] + [(*row, values[1]) for row in grid(values, values[:2])for row in [(*row, NA)]])
for data_type, (good, other) in {"string": ("x", "y"), "integer": (7, 8), "double": (0.5, 1), "boolean": ("false", "true")}.items():
    told = {"equals": lambda i, v, good=good: {"value": f"{v}={good}"}, "categories": lambda i, v, good=good: {"value": f"{v} is {good}", "field": v, "category": good}}
    for way, item in told.items():
        associate(f"table-{way}-{data_type}", f"items that are values of fields of type {data_type}", ALL + gives("rule", feature="rule", algorithm="recommendation"), item=item,
                  fields="".join(f'  <DataField name="{v}" optype="categorical" dataType="{data_type}"/>\n' for v in ITEMS.values()),
                  schema=EACH, columns=ITEM_COLUMNS, rows=[(*row, NA) for row in grid([good, other, NA], [good, other], [good, other])] + [(good, good, good, good)])


# Clusters.

CLUSTER_OUTPUT = """<Output>
<OutputField name="cluster" optype="categorical" dataType="string" feature="predictedValue"/>
<OutputField name="shown" optype="categorical" dataType="string" feature="predictedDisplayValue"/>
<OutputField name="entity" optype="categorical" dataType="string" feature="entityId"/>
<OutputField name="second" optype="categorical" dataType="string" feature="entityId" rank="2"/>
<OutputField name="ninth" optype="categorical" dataType="string" feature="entityId" rank="9"/>
<OutputField name="near" optype="continuous" dataType="double" feature="affinity"/>
<OutputField name="near_second" optype="continuous" dataType="double" feature="affinity" rank="2"/>
<OutputField name="near_2" optype="continuous" dataType="double" feature="affinity" value="2"/>
<OutputField name="near_none" optype="continuous" dataType="double" feature="affinity" value="none"/>
</Output>
"""
XYZ = grid([-1, 0, 0.5, 3, NA], [0, 2.25, NA], [1, 4, NA])
CENTRES = [("far", "Far", "10 -10 4"), (None, "Second", "0 0 1"), ("edge", None, "3 2.25 1"), ("tie", "Tie", "3 2.25 1"), ("5th", None, "-1 0.5 4")]
BITS = grid([0, 1, NA, 2], [0, 1], [0, 1])
BIT_CENTRES = [("zeros", None, "0 0 0"), (None, "Two", "1 0 1"), ("ones", "Ones", "1 1 1"), ("last", None, "0 0 1")]


def clusters(name, about, measure, kind="distance", columns=("x", "y", "n"), rows=XYZ, fields=("", "", ""), centres=CENTRES, inside="", function=None, **named):
    compared = "".join(f"<ClusteringField{attributes(field=c)} {f}/>" for c, f in zip(columns, fields))
    found = "".join(f'<Cluster{attributes(id=i, name=shown)}><Array n="{len(columns)}" type="real">{centre}</Array></Cluster>\n' for i, shown, centre in centres)
    document = f"""<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="{len(centres)}"{attributes(**named)}>
{schema_of(columns)}{CLUSTER_OUTPUT}<ComparisonMeasure kind="{kind}"{attributes(compareFunction=function)}>{measure}</ComparisonMeasure>
{compared}{inside}
{found}</ClusteringModel>
"""
    CASES.append((f"clusters-{name}", about, HEAD % ("".join(FIELDS[c] for c in columns), "", document), list(columns), list(rows)))


def schema_of(columns):
    return "<MiningSchema>" + "".join(f'<MiningField name="{c}"/>' for c in columns) + "</MiningSchema>\n"


DISTANCES = {"euclidean": "<euclidean/>", "squaredEuclidean": "<squaredEuclidean/>", "chebychev": "<chebychev/>", "cityBlock": "<cityBlock/>",
             "minkowski": '<minkowski p-parameter="3"/>', "minkowski-half": '<minkowski p-parameter="0.5"/>'}
PARAMETERS = attributes(**{"c00-parameter": 0.5, "c01-parameter": 1, "c10-parameter": -1, "c11-parameter": 2, "d00-parameter": 1, "d01-parameter": 0.25, "d10-parameter": 2, "d11-parameter": 1})
ONLY_ONES = attributes(**{"c00-parameter": 0, "c01-parameter": 0, "c10-parameter": 0, "c11-parameter": 1, "d00-parameter": 0, "d01-parameter": 0, "d10-parameter": 1, "d11-parameter": 1})
SIMILARITIES = {"simpleMatching": "<simpleMatching/>", "jaccard": "<jaccard/>", "tanimoto": "<tanimoto/>", "binarySimilarity": f"<binarySimilarity{PARAMETERS}/>",
                "binarySimilarity-undefined": f"<binarySimilarity{ONLY_ONES}/>"}
WEIGHTS = '<MissingValueWeights><Array n="3" type="real">1 3 0.5</Array></MissingValueWeights>'
for name, measure in DISTANCES.items():
    clusters(name, f"{name}, missing values made up for", measure)
    clusters(f"{name}-weights", f"{name} with weights of fields and of missing values", measure, fields=('fieldWeight="2"', 'fieldWeight="0.5"', 'fieldWeight="0"'), inside=WEIGHTS)
    clusters(f"{name}-functions", f"{name} of other comparisons than differences", measure, fields=('compareFunction="gaussSim" similarityScale="1.5"', 'compareFunction="delta"', 'compareFunction="equal" fieldWeight="3"'))
    clusters(f"{name}-float", f"{name} in 32 bits", measure, fields=('fieldWeight="0.7"', 'fieldWeight="0.3"', 'compareFunction="delta"'), **{"x-mathContext": "float"})
for name, measure in SIMILARITIES.items():
    clusters(name, f"{name} of fields that are 0 or 1", measure, "similarity", rows=BITS, centres=BIT_CENTRES)
clusters("jaccard-distance", "the measure decides, not the kind", "<jaccard/>", rows=BITS, centres=BIT_CENTRES)
clusters("jaccard-float", "jaccard in 32 bits", "<jaccard/>", "similarity", rows=BITS, centres=BIT_CENTRES, **{"x-mathContext": "float"})
clusters("delta", "the measure's compareFunction holds for all fields that say none", "<cityBlock/>", function="delta", fields=("", 'compareFunction="absDiff"', ""))
clusters("types", "float, boolean and integer fields", "<squaredEuclidean/>", columns=("f", "b", "n"), rows=grid([0.1, 0.3, NA], ["true", "false", NA], [1, NA]), centres=[("a", "A", "0.1 1 1"), (None, None, "0.3 0 4")])
clusters("simpleMatching-boolean", "truths are 0 or 1", "<simpleMatching/>", "similarity", columns=("b", "n"), rows=grid(["true", "false"], [0, 1]), fields=("", ""), centres=[("a", "A", "1 1"), (None, None, "0 1"), ("c", None, "0 0")])
clusters("one", "one cluster without id and name", "<euclidean/>", columns=("x",), rows=[(1,), (NA,)], fields=("",), centres=[(None, None, "1")])
for method in ["majorityVote", "weightedMajorityVote", "selectFirst", "selectAll", "modelChain"]:
    members = "".join(
        f'<Segment id="m{i}" weight="{w}">{p}<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="2">\n{{schema}}\n'
        f'<ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure><ClusteringField field="x"/><ClusteringField field="y"/>'
        f'<Cluster id="yes"><Array n="2" type="real">{a}</Array></Cluster><Cluster id="{other}"><Array n="2" type="real">{b}</Array></Cluster></ClusteringModel></Segment>\n'
        for i, w, p, a, other, b in [(1, 1, simple("x", "lessThan", 5), "0 0", "no", "2 2"), (2, 2.5, "<True/>", "1 0", "maybe", "0 3"), (3, 1, "<True/>", "2 2", "no", "-1 -1")])
    case(f"clusters-{method}", f"members that are clusters, {method}", f'<MiningModel functionName="clustering">\n{{schema}}\n<Segmentation multipleModelMethod="{method}">\n{members}</Segmentation></MiningModel>\n', ["x", "y"], grid([-1, 0.5, 2, 6, NA], [0, 2, NA]), "label")

# Complaints of a document that JPMML makes only when a record reaches the place.
UNREADABLE = ("UnsupportedAttribute", "UnsupportedElement", "InvalidAttribute", "InvalidElement", "MissingAttribute", "MissingElement")


def answer(oracle, document, header, rows, folder, mode):
    """JPMML's answers for the rows in one of its modes, and its complaints by row; None if it refuses the document."""
    model, data, out, errors = folder / "model.pmml", folder / "input.csv", folder / f"{mode}.csv", folder / f"{mode}.errors.csv"
    model.write_text(document, encoding="utf-8")
    write(data, header, rows)
    done = subprocess.run([oracle, model, data, out, "--missing", "NA", "--mode", mode, "--errors", errors], capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip(), None, None
    with out.open(newline="", encoding="utf-8") as answers, errors.open(newline="", encoding="utf-8") as complaints:
        return None, list(csv.reader(answers)), {int(e["row"]): f'{e["code"]}: {e["message"]}' for e in csv.DictReader(complaints)}


def write(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(["NA" if cell is None or cell == NA else cell for cell in row] for row in rows)


def units(columns, rows):
    """The rows that have one answer together: those of a transaction, else each for itself."""
    if columns[0] != "transaction":
        return [[row] for row in rows]
    found = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return list(found.values())


def interleaved(rows, kept):
    """The kept rows in the order in which all of them came."""
    left = list(kept)
    return [left.pop(left.index(row)) for row in rows if row in left]


def save(root, oracle, name, about, document, columns, rows):
    """Writes one case, or returns why not."""
    with tempfile.TemporaryDirectory() as work:
        refused, plain, complaints = answer(oracle, document, columns, rows, Path(work), "plain")
        if refused:
            return f"{name}: not written: {refused}"
        again, optimized, others = answer(oracle, document, columns, rows, Path(work), "optimized")
    for complaint in complaints.values():
        if complaint.startswith(UNREADABLE):
            return f"{name}: not written: {complaint}"
    good, bad = [], []
    for i, unit in enumerate(units(columns, rows), 1):
        if i in complaints:
            bad += [[*row, complaints[i]] for row in unit]
        elif again or i in others or plain[i] != optimized[i]:
            bad += [[*row, "modes differ"] for row in unit]
        else:
            good.append((unit, plain[i]))
    if not good:
        return f"{name}: not written: no row that JPMML takes: {bad[0][-1]}"
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "model.pmml").write_text(document, encoding="utf-8")
    write(folder / "input.csv", columns, interleaved(rows, [row for unit, _ in good for row in unit]))
    # An empty text and a missing result look the same here; both are NA.
    write(folder / "expected.csv", plain[0], [[cell or None for cell in cells] for _, cells in good])
    if bad:
        write(folder / "errors.csv", [*columns, "__error"], bad)
    meta = {"name": name, "model_file": "model.pmml", "about": about, "n_rows": len(good), "missing_values": "NA", "rtol": 1e-9, "atol": 1e-12, "compared_columns": plain[0]}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
    return None


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root = Path(sys.argv[1])
    shutil.rmtree(root, ignore_errors=True)
    with ThreadPoolExecutor(2) as pool:
        for message in pool.map(lambda c: save(root, sys.argv[2], *c), CASES):
            if message:
                print(message)
    print(f"{len(list(root.iterdir()))} of {len(CASES)} documents written")


if __name__ == "__main__":
    main()

package evaluator_test

import (
	"math"
	"strings"
	"testing"
)

func TestClusteringModel(t *testing.T) { show(t, clusterings()) }

// clusterOutput has what an output field can say of clusters.
var clusterOutput = `<Output>` + output("id", "entityId", "") + output("shown", "predictedDisplayValue", "") +
	strings.Replace(output("second", "entityId", ""), `feature`, `rank="2" feature`, 1) +
	strings.Replace(output("ninth", "entityId", ""), `feature`, `rank="9" feature`, 1) +
	output("near", "affinity", "") + output("near_b", "clusterAffinity", "b") + output("near_none", "entityAffinity", "none") +
	strings.Replace(output("near_second", "affinity", ""), `feature`, `rank="2" feature`, 1) +
	strings.Replace(output("near_ninth", "affinity", ""), `feature`, `rank="9" feature`, 1) + `</Output>`

// clusters is a clustering model; parts are fields and clusters.
func clusters(kind, measure string, parts ...string) string {
	return `<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="2">{}` + clusterOutput +
		`<ComparisonMeasure kind="` + kind + `"><` + measure + `/></ComparisonMeasure>` + strings.Join(parts, "") + `</ClusteringModel>`
}

// compares is a ClusteringField.
func compares(field, more string) string {
	return `<ClusteringField field="` + field + `" ` + more + `/>`
}

// center is a Cluster; attributes are its id and name.
func center(attributes, coordinates string) string {
	return `<Cluster ` + attributes + `><Array type="string">` + coordinates + `</Array></Cluster>`
}

// two are clusters named a at 0 and b at 3, 4.
func two(kind, measure string, x, z string) string {
	return document(clusters(kind, measure, compares("x", x), compares("z", z), center(`id="a" name="A"`, "0 0"), center(`id="b"`, "3 4")))
}

// bits compares three fields that are 0 or 1.
func bits(measure string) string {
	return document(clusters("similarity", measure, compares("x", ""), compares("z", ""), compares("n", ""), center(`id="a"`, "1 0 1"), center(`id="b"`, "1 1 1")))
}

// tabled compares m, which is 1 or 2, by a table.
func tabled(matrix string) string {
	field := `<ClusteringField field="m" compareFunction="table"><Comparisons>` + matrix + `</Comparisons></ClusteringField>`
	return document(clusters("distance", "cityBlock", field, compares("x", ""), center(`id="a"`, "1 0"), center(`id="b"`, "2 0")))
}

func rowsOf(kind string, rows ...string) string {
	return `<Matrix kind="` + kind + `"><Array type="real">` + strings.Join(rows, `</Array><Array type="real">`) + `</Array></Matrix>`
}

// cyclic has a field h that is cyclic.
func cyclic(declaration, content, centers string) string {
	more := `<DataField name="h" isCyclic="1" ` + declaration + `>` + content + `</DataField>`
	model := strings.Replace(clusters("distance", "cityBlock", compares("h", ""), centers), "{}", `<MiningSchema><MiningField name="h"/></MiningSchema>`, 1)
	return strings.Replace(document(model), `</DataDictionary>`, more+`</DataDictionary>`, 1)
}

// undefined is the code of a record for which no cluster can be chosen.
const undefined = "invalid-result"

func clusterings() []semantic {
	half := math.Exp2(-1)
	all := []semantic{
		// Measures. The expected numbers are those of the formulas in PMML 4.4, ClusteringModel.
		{"CL-01 CL-03 CL-08 CL-09 euclidean", two("distance", "euclidean", "", ""), []scored{
			{in: record{"x": 0, "z": 0}, want: record{"_target": "a", "id": "a", "near": 0.0, "near_b": 5.0, "second": "b"}},
			{in: record{"x": 3, "z": 4}, want: record{"_target": "b", "near": 0.0}},
		}},
		{"CL-10 squaredEuclidean", two("distance", "squaredEuclidean", "", ""), []scored{{in: record{"x": 1, "z": 1}, want: record{"_target": "a", "near": 2.0, "near_b": 13.0}}}},
		{"CL-11 chebychev", two("distance", "chebychev", "", ""), []scored{{in: record{"x": 1, "z": -2}, want: record{"near": 2.0, "near_b": 6.0}}}},
		{"CL-12 CL-18 cityBlock", two("distance", "cityBlock", "", `compareFunction="absDiff"`), []scored{{in: record{"x": 1, "z": -2}, want: record{"near": 3.0, "near_b": 8.0}}}},
		{"CL-13 minkowski", two("distance", `minkowski p-parameter="3"`, "", ""), []scored{{in: record{"x": 1, "z": -2}, want: record{"near": math.Cbrt(9), "near_b": math.Cbrt(8 + 216)}}}},
		{"CL-14 simpleMatching", bits("simpleMatching"), []scored{
			{in: record{"x": 0, "z": 0, "n": 1}, want: record{"_target": "a", "near": 2.0 / 3, "near_b": 1.0 / 3}},
		}},
		{"CL-15 jaccard", bits("jaccard"), []scored{{in: record{"x": 0, "z": 0, "n": 1}, want: record{"_target": "a", "near": 0.5, "near_b": 1.0 / 3}}}},
		{"CL-15 jaccard of nothing is not defined", document(clusters("similarity", "jaccard", compares("x", ""), center(`id="a"`, "0"), center(`id="b"`, "1"))), []scored{
			{in: record{"x": 0}, code: undefined}, {in: record{"x": 1}, want: record{"_target": "b", "near": 1.0}},
		}},
		{"CL-16 tanimoto", bits("tanimoto"), []scored{{in: record{"x": 0, "z": 0, "n": 1}, want: record{"_target": "a", "near": 0.5, "near_b": 0.2}}}},
		{"CL-17 binarySimilarity", bits(`binarySimilarity c00-parameter="1" c01-parameter="2" c10-parameter="3" c11-parameter="4" d00-parameter="5" d01-parameter="6" d10-parameter="7" d11-parameter="8"`), []scored{
			{in: record{"x": 0, "z": 1, "n": 1}, want: record{"_target": "b", "near": 10.0 / 22, "near_second": 9.0 / 21}}, // b: a01 = 1, a11 = 2; a: a01 = a10 = a11 = 1
			{in: record{"x": 0, "z": 0, "n": 1}, want: record{"_target": "b", "near": 8.0 / 20, "near_second": 7.0 / 19}},
		}},
		{"CL-14 only 0 and 1 can be counted", bits("simpleMatching"), []scored{
			{in: record{"x": 0.5, "z": 0, "n": 1}, code: undefined + " x"}, {in: record{"x": 0, "n": 1}, code: undefined + " z"},
		}},
		// Comparisons of one field.
		{"CL-19 gaussSim", two("similarity", "cityBlock", `compareFunction="gaussSim" similarityScale="2"`, `compareFunction="gaussSim" similarityScale="1"`), []scored{
			{in: record{"x": 2, "z": 1}, want: record{"near": 2 * half, "near_b": math.Exp2(-0.25) + math.Exp2(-9), "_target": "a"}},
		}},
		{"CL-20 CL-21 delta and equal", two("distance", "cityBlock", `compareFunction="delta"`, `compareFunction="equal"`), []scored{
			{in: record{"x": 0, "z": 4}, want: record{"near": 0.0, "near_b": 2.0}},
		}},
		{"CL-08 CL-kind the kind decides: with similarities the largest wins", two("similarity", "euclidean", `compareFunction="equal"`, `compareFunction="equal"`), []scored{
			{in: record{"x": 3, "z": 4}, want: record{"_target": "b", "near": math.Sqrt2, "second": "a", "near_second": 0.0, "near_none": 0.0}},
		}},
		{"CL-kind differences are distances whatever the kind says", two("similarity", "euclidean", "", ""), []scored{{in: record{"x": 3, "z": 4}, want: record{"_target": "b", "near_none": inf}}}},
		{"CL-22 G16 table", tabled(rowsOf("any", "0 5", "7 1")), []scored{
			{in: record{"m": 1, "x": 0}, want: record{"near": 0.0, "near_b": 5.0}},
			{in: record{"m": 2, "x": 0}, want: record{"near": 1.0, "_target": "b", "near_second": 7.0}},
			{in: record{"x": 1}, want: record{"near": 2.0, "near_b": 2.0}},
		}},
		{"CL-22 symmetric", tabled(rowsOf("symmetric", "0", "6 1")), []scored{{in: record{"m": 1, "x": 0}, want: record{"near": 0.0, "near_b": 6.0}}, {in: record{"m": 2, "x": 0}, want: record{"near": 1.0, "near_second": 6.0}}}},
		{"CL-22 diagonal", tabled(rowsOf("diagonal", "2 1")), []scored{{in: record{"m": 1, "x": 0}, want: record{"near": 0.0, "_target": "b", "near_second": 2.0}}}},
		{"CL-22 cells and defaults", tabled(`<Matrix diagDefault="0.5" offDiagDefault="3"><MatCell row="2" col="1">8</MatCell></Matrix>`), []scored{
			{in: record{"m": 1, "x": 0}, want: record{"near": 0.5, "near_b": 3.0}}, {in: record{"m": 2, "x": 0}, want: record{"near": 0.5, "near_second": 8.0}},
		}},
		{"CL-32 text is compared as text", document(clusters("distance", "cityBlock", compares("s", `compareFunction="delta"`), compares("x", ""), center(`id="a"`, `"p q" 0`), center(`id="b"`, `p 0`))), []scored{
			{in: record{"s": "p", "x": 0}, want: record{"_target": "b", "near": 0.0}}, {in: record{"s": "p q", "x": 0}, want: record{"_target": "a", "near": 0.0}},
			{in: record{"s": "new", "x": 0}, want: record{"_target": "a", "near": 1.0}},
		}},
		{"CL-32 numbers and truths are compared as numbers", document(clusters("distance", "cityBlock", compares("t", `compareFunction="delta"`), compares("m", `compareFunction="delta"`), center(`id="a"`, "true 1.0"), center(`id="b"`, "0 2"))), []scored{
			{in: record{"t": "true", "m": 1}, want: record{"_target": "a", "near": 0.0}}, {in: record{"t": false, "m": 2}, want: record{"_target": "b", "near": 0.0}},
		}},
		{"CL-23 fieldWeight", two("distance", "euclidean", `fieldWeight="4"`, `fieldWeight="0.25"`), []scored{{in: record{"x": 1, "z": 2}, want: record{"near": math.Sqrt(4 + 1)}}}},
		{"CL-24 G13 centres have coordinates for centre fields only", document(clusters("distance", "cityBlock", compares("x", ""), compares("n", `isCenterField="false"`), compares("z", ""), center(`id="a"`, "0 1"), center(`id="b"`, "5 7"),
			`<MissingValueWeights><Array type="real">1 9 3</Array></MissingValueWeights>`)), []scored{
			{in: record{"x": 0, "z": 1, "n": 100}, want: record{"near": 0.0, "near_b": 11.0}}, {in: record{"z": 1}, want: record{"near": 0.0, "near_b": 8.0}},
		}},
		{"CL-27 minimum and maximum change nothing", strings.Replace(two("distance", "cityBlock", "", ""), `kind=`, `minimum="0" maximum="1" kind=`, 1), []scored{{in: record{"x": 1, "z": 2}, want: record{"near": 3.0}}}},
		// Missing values.
		{"CL-26 G15 what is missing is made up for", two("distance", "euclidean", `fieldWeight="4"`, ""), []scored{
			{in: record{"x": 1}, want: record{"near": math.Sqrt(4 * 2), "near_b": math.Sqrt(16 * 2)}},
			{in: record{}, code: undefined},
		}},
		{"CL-25 MissingValueWeights", document(clusters("distance", "chebychev", compares("x", ""), compares("z", ""), `<MissingValueWeights><Array type="real">1 3</Array></MissingValueWeights>`, center(`id="a"`, "0 0"), center(`id="b"`, "3 4"))), []scored{
			{in: record{"x": 1}, want: record{"near": 4.0}}, {in: record{"z": 1}, want: record{"near": 4.0 / 3}},
		}},
		{"CL-25 weights of 0 leave nothing", document(clusters("distance", "chebychev", compares("x", ""), compares("z", ""), `<MissingValueWeights><Array type="real">0 1</Array></MissingValueWeights>`, center(`id="a"`, "0 0"))), []scored{
			{in: record{"x": 1}, code: undefined}, {in: record{"z": 1}, want: record{"near": 1.0}},
		}},
		// What is given.
		{"CL-04 CL-05 G14 OU-02 ids and names", document(clusters("distance", "euclidean", compares("x", ""), center(`name="One"`, "0"), center("", "1"), center(`id="c" name="Three"`, "2"))), []scored{
			{in: record{"x": 0}, want: record{"_target": "1", "shown": "One", "id": "1"}}, {in: record{"x": 1}, want: record{"_target": "2", "shown": nil}},
			{in: record{"x": 2}, want: record{"_target": "c", "shown": "Three"}},
		}},
		{"CL-28 CL-29 OU-06 OU-07 OU-09 OU-32 affinities and ranks", two("distance", "cityBlock", "", ""), []scored{
			{in: record{"x": 3, "z": 3}, want: record{"id": "b", "second": "a", "ninth": nil, "near": 1.0, "near_b": 1.0, "near_second": 6.0, "near_ninth": nil, "near_none": inf}},
		}},
		{"CL-30 of equals the first", document(clusters("distance", "euclidean", compares("x", ""), center(`id="z"`, "1"), center(`id="b"`, "1"), center(`id="a"`, "1"))), []scored{{in: record{"x": 5}, want: record{"_target": "z", "second": "b"}}}},
		{"CL-06 CL-07 sizes, maps and partitions change nothing", strings.Replace(two("distance", "cityBlock", "", ""), `<Cluster id="b">`, `<Cluster id="b" size="7"><KohonenMap coord1="1"/><Partition name="p"/>`, 1), []scored{{in: record{"x": 3, "z": 3}, want: record{"id": "b"}}}},
		{"CL-target a target field gives the prediction its type", strings.Replace(document(strings.Replace(clusters("distance", "euclidean", compares("x", ""), center("", "0"), center(`id="20"`, "1")), clusterOutput, outputs(output("id", "entityId", ""), output("near_20", "affinity", "20.0")), 1)), inputs, inputs+`<MiningField name="k" usageType="target"/>`, 1), []scored{
			{in: record{"x": 0}, want: record{"k": 1, "id": "1", "near_20": 1.0}}, {in: record{"x": 1}, want: record{"k": 20, "id": "20"}},
		}},
		{"CL-target text if its type has no such values", strings.Replace(two("distance", "euclidean", "", ""), inputs, inputs+`<MiningField name="k" usageType="target"/>`, 1), []scored{{in: record{"x": 0, "z": 0}, want: record{"k": "a"}}}},
		// Cyclic fields, PMML 4.4, DataDictionary.
		{"A17 DD-23 a cycle of numbers", cyclic(`optype="continuous" dataType="double"`, `<Interval closure="closedOpen" leftMargin="0" rightMargin="24"/>`, center(`id="a"`, "23")+center(`id="b"`, "4")), []scored{
			{in: record{"h": 1}, want: record{"_target": "a", "near": 2.0, "near_b": 3.0}}, {in: record{"h": 12}, want: record{"near": 8.0}},
		}},
		{"A17 a cycle of whole numbers", cyclic(`optype="ordinal" dataType="integer"`, `<Value value="1"/><Value value="7"/><Value value="2"/>`, center(`id="a"`, "7")+center(`id="b"`, "4")), []scored{{in: record{"h": 1}, want: record{"_target": "a", "near": 1.0, "near_b": 3.0}}}},
		{"A17 both ends belong to it", cyclic(`optype="continuous" dataType="integer"`, `<Interval closure="closedClosed" leftMargin="1" rightMargin="12"/>`, center(`id="a"`, "12")+center(`id="b"`, "4")), []scored{{in: record{"h": 1}, want: record{"_target": "a", "near": 1.0}}}},
		{"A17 without ends there is no cycle", cyclic(`optype="continuous" dataType="double"`, ``, center(`id="a"`, "23")+center(`id="b"`, "4")), []scored{{in: record{"h": 1}, want: record{"_target": "b", "near": 3.0}}}},
		// Documents until 3.1.
		{"CL-31 DOC-18 CenterFields", strings.NewReplacer("PMML-4_4", "PMML-3_1", `version="4.4"`, `version="3.1"`).Replace(document(clusters("distance", "cityBlock", compares("s", `fieldWeight="0.5"`),
			`<CenterFields>`+`<DerivedField name="large" optype="continuous" dataType="double"><NormContinuous field="x"><LinearNorm orig="0" norm="0"/><LinearNorm orig="10" norm="1"/></NormContinuous></DerivedField>`+
				`<DerivedField optype="continuous" dataType="double"><NormDiscrete field="s" value="p"/></DerivedField></CenterFields>`, center(`name="A"`, "0 1"), center(`name="B"`, "1 0")))), []scored{
			{in: record{"x": 2, "s": "p"}, want: record{"_target": "1", "shown": "A", "near": 0.2}}, {in: record{"x": 2, "s": "q"}, want: record{"_target": "1", "near": 0.7}},
		}},
	}
	return append(append(all, clusterDistributions()...), clusterEnsembles()...)
}

// clusterEnsembles are clusters as members and among derived fields.
func clusterEnsembles() []semantic {
	plain := func(a, b string) string {
		return strings.Replace(clusters("distance", "euclidean", compares("x", ""), center(`id="a" name="A"`, a), center(`id="b"`, b)), clusterOutput, "", 1)
	}
	return []semantic{
		{"CL-votes votes of clusters", document(ensemble("clustering", "majorityVote", "", "{}", all(plain("0", "1")), all(plain("1", "0")), all(plain("0", "3")))), []scored{
			{in: record{"x": 0}, want: record{"_target": "a"}}, {in: record{"x": 1}, want: record{"_target": "a"}}, {in: record{"x": 5}, want: record{"_target": "b"}},
		}},
		{"CL-member the first member that fires", document(ensemble("clustering", "selectFirst", "", "{}"+outputs(gets("segment", "string", `feature="entityId"`), gets("shown", "string", `feature="predictedDisplayValue"`), gets("of1", "double", `feature="affinity" value="b"`)),
			when(above("x", "2"), plain("0", "3")), all(plain("0", "1")))), []scored{
			{in: record{"x": 3}, want: record{"segment": "1", "shown": nil, "of1": 0.0}}, {in: record{"x": 0}, want: record{"segment": "2", "shown": "A", "of1": 1.0}},
		}},
		{"CL-05 a member shows its clusters by its own names", document(ensemble("clustering", "selectFirst", "", "{}"+outputs(gets("shown", "string", `feature="predictedDisplayValue"`)),
			when(above("x", "2"), plain("0", "3")), when(above("x", "1"), sub(sized(`name="Z"`, `name="B"`))), all(strings.Replace(plain("0", "1"), `name="A"`, `name="Y"`, 1)))), []scored{
			{in: record{"x": 0}, want: record{"_target": "a", "shown": "Y"}}, {in: record{"x": 1}, want: record{"_target": "b", "shown": nil}},
			{in: record{"x": 1.5}, want: record{"_target": "b", "shown": "B"}}, {in: record{"x": 3}, want: record{"_target": "b", "shown": nil}},
		}},
		{"CL-05 votes show a cluster by the first name that a member has for it", document(ensemble("clustering", "majorityVote", "", "{}"+outputs(gets("shown", "string", `feature="predictedDisplayValue"`)),
			all(plain("0", "1")), all(sub(sized(`name="Z"`, `name="B"`))))), []scored{
			{in: record{"x": 0}, want: record{"_target": "a", "shown": "A"}}, {in: record{"x": 5}, want: record{"_target": "b", "shown": "B"}},
		}},
		{"CL-28 CL-29 of a member with clusters of its own", document(ensemble("clustering", "selectFirst", "", "{}"+outputs(gets("near_b", "double", `feature="affinity" value="b"`), gets("near_c", "double", `feature="affinity" value="c"`),
			gets("none", "double", `feature="affinity" value="zz"`), gets("second", "double", `feature="affinity" rank="2"`), gets("third", "double", `feature="affinity" rank="3"`), gets("segment", "string", `feature="entityId" rank="2"`)),
			when(above("x", "2"), plain("0", "3")), all(strings.Replace(plain("0", "1"), `"b"`, `"c"`, 1)))), []scored{
			{in: record{"x": 3}, want: record{"near_b": 0.0, "near_c": math.Inf(1), "none": math.Inf(1), "second": 3.0, "third": nil, "segment": nil}},
			{in: record{"x": 0}, want: record{"near_b": math.Inf(1), "near_c": 1.0, "second": 1.0}},
		}},
		{"CL-29 votes put clusters in no order", document(ensemble("clustering", "majorityVote", "", "{}"+outputs(gets("first", "double", `feature="affinity"`), gets("second", "double", `feature="affinity" rank="2"`), gets("id", "string", `feature="entityId" rank="2"`)),
			all(plain("0", "1")), all(plain("0", "3")), all(plain("2", "0")))), []scored{{in: record{"x": 0}, want: record{"_target": "a", "first": 2.0 / 3, "second": nil, "id": nil}}}},
		{"CL-29 the rank of a category does not count", document(`<TreeModel functionName="classification">{c}` + outputs(gets("second", "double", `feature="affinity" rank="2"`)) + node(`score="a"`, always, `<ScoreDistribution value="a" recordCount="3"/><ScoreDistribution value="b" recordCount="1"/>`) + `</TreeModel>`), []scored{
			{in: record{}, want: record{"second": 0.75}},
		}},
		{"CL-chain a cluster is an input of the next", document(ensemble("regression", "modelChain", "", "", all(strings.Replace(plain("0", "1"), "{}", "{}"+outputs(output("cluster", "predictedDisplayValue", ""), output("far", "affinity", "b")), 1)),
			all(`<RegressionModel functionName="regression">{y}`+table(`intercept="1"`, numeric("far", 10), indicator("cluster", "A", 100))+`</RegressionModel>`))), []scored{
			{in: record{"x": 0}, want: record{"y": 111.0}}, {in: record{"x": 1}, want: record{"y": 1.0}},
		}},
		{"CL-derived the fields of a model may be derived", strings.Replace(document(clusters("distance", "cityBlock", compares("double", ""), center(`id="a"`, "2"), center(`id="b"`, "4"))), `<Output>`,
			`<LocalTransformations><DerivedField name="double" optype="continuous" dataType="double">`+apply("*", field("x"), constant("2"))+`</DerivedField></LocalTransformations><Output>`, 1), []scored{
			{in: record{"x": 2}, want: record{"_target": "b", "near": 0.0}}, {in: record{}, code: undefined},
		}},
	}
}

// mixture is a distribution-based clustering of documents' inputs; parts are fields and clusters.
func mixture(parts ...string) string {
	more := strings.Replace(clusterOutput, `</Output>`, output("p", "probability", "")+output("p_b", "probability", "b")+`</Output>`, 1)
	return strings.NewReplacer("centerBased", "distributionBased", clusterOutput, more).Replace(clusters("distance", "euclidean", parts...))
}

// spread is a Cluster with an Array of means, unless these are empty.
func spread(attributes, means string, parts ...string) string {
	if means != "" {
		means = `<Array type="real">` + means + `</Array>`
	}
	return `<Cluster ` + attributes + `>` + means + strings.Join(parts, "") + `</Cluster>`
}

func covariances(rows ...string) string {
	return `<Covariances>` + rowsOf("any", rows...) + `</Covariances>`
}

func partition(attributes string, stats ...string) string {
	return `<Partition name="p" ` + attributes + `>` + strings.Join(stats, "") + `</Partition>`
}

// normally has a field's mean and standard deviation.
func normally(field, mean, deviation string) string {
	return `<PartitionFieldStats field="` + field + `"><NumericInfo mean="` + mean + `" standardDeviation="` + deviation + `"/></PartitionFieldStats>`
}

// counted has how often a field's values occur, and what else there may be.
func counted(field string, arrays ...string) string {
	return `<PartitionFieldStats field="` + field + `"><Array type="real">` + strings.Join(arrays, `</Array><Array type="real">`) + `</Array></PartitionFieldStats>`
}

// sized is a mixture of a cluster a at 0 and a cluster b at 2; a and b are more of their attributes.
func sized(a, b string) string {
	return document(mixture(compares("x", ""), spread(`id="a" `+a, "0", covariances("1")), spread(`id="b" `+b, "2", covariances("1"))))
}

// clusterDistributions are models whose clusters are distributions. JPMML does not score them. The expected numbers are those
// of scikit-learn 1.9.0 for a GaussianMixture whose weights_, means_ and covariances_ were set (predict_proba of doubles: for whole numbers it cuts off the means' decimals), or, where
// values are missing, deviations stand for covariances or values have shares, of numpy with
// p[i] = prior * share * scipy.stats.multivariate_normal.pdf(present, means[present], covariances[present, present]) or
// norm.pdf(x, mean, deviation) for each field, divided by the sum of p.
func clusterDistributions() []semantic {
	joint := document(mixture(compares("x", ""), compares("z", ""),
		spread(`id="a" name="A" size="1"`, "0 0", covariances("2 0.5", "0.5 1")), spread(`id="b" size="3"`, "3 4", covariances("1 -0.6", "-0.6 4"))))
	naive := document(mixture(compares("x", ""), compares("m", ""), compares("z", `isCenterField="false"`),
		spread(`id="a"`, "", partition(`size="10"`, normally("x", "0", "1.5"), normally("z", "0", "2"), counted("m", "2 8"))),
		spread(`id="b"`, "3", partition(`size="30"`, normally("x", "99", "0.5"), normally("z", "4", "3"), counted("m", "5 5")))))
	three := document(mixture(compares("x", ""), compares("z", ""), compares("f", ""),
		spread(`id="a"`, "0 0 0", covariances("2 .5 .3", ".5 1 .2", ".3 .2 3")), spread(`id="b"`, "1 2 3", covariances("1 0 -.4", "0 2 .7", "-.4 .7 1.5"))))
	rare := strings.Replace(document(mixture(compares("m", ""), compares("x", `isCenterField="false"`),
		spread(`id="a"`, "", partition("", counted("m", "0 5"), normally("x", "0", "1"))), spread(`id="b"`, "", partition("", counted("m", "0 9"), normally("x", "1", "1"))))),
		`<MiningField name="m"/>`, `<MiningField name="m" invalidValueTreatment="asIs"/>`, 1)
	tied := document(mixture(compares("x", ""), spread(`id="z"`, "1", covariances("1")), spread(`id="b"`, "1", covariances("1")), spread(`id="a"`, "1", covariances("1"))))
	sums := document(mixture(compares("x", ""), spread(`id="a"`, "", partition("", counted("x", "4", "12", "52"))), spread(`id="b"`, "", partition("", normally("x", "3", "2")))))
	one := math.Exp(0) / (math.Exp(0) + math.Exp(-2)) // at the mean of one of two clusters that are 2 deviations apart
	return []semantic{
		{"CL-02 CL-33 CL-34 covariances", joint, []scored{
			{in: record{"x": 1, "z": 1}, want: record{"_target": "a", "id": "a", "shown": "A", "second": "b", "ninth": nil, "near": 0.957678626225094, "near_b": 0.04232137377490617, "near_second": 0.04232137377490617, "near_ninth": nil, "near_none": 0.0, "p": 0.957678626225094, "p_b": 0.04232137377490617}},
			{in: record{"x": 2, "z": 2}, want: record{"_target": "b", "shown": nil, "near": 0.8305557652106434}},
			{in: record{"x": 1.5, "z": 3}, want: record{"near_second": 0.026299618128214238}},
			{in: record{"x": -40, "z": 80}, want: record{"_target": "b", "near": 1.0, "near_second": 0.0}}, // in logarithms: the densities are too small for numbers
		}},
		{"CL-35 fields that are missing are left out", joint, []scored{
			{in: record{"x": 0.5}, want: record{"_target": "a", "near": 0.8344243811167086}}, {in: record{"x": 2}, want: record{"near_b": 0.8749207614391901}},
			{in: record{"z": 0.5}, want: record{"near_b": 0.2687871302472984}}, {in: record{"z": 2}, want: record{"near_b": 0.870508818597192}},
			{in: record{}, want: record{"_target": "b", "near": 0.75}},
			{in: record{"x": 2, "z": 2}, want: record{"near": 0.8305557652106434}},
		}},
		{"CL-35 of covariances those of the fields that are present", three, []scored{
			{in: record{"x": 1, "z": 2, "f": 3}, want: record{"near_b": 0.9728103820993947}}, {in: record{"x": 0.5, "f": 1}, want: record{"near_b": 0.2725533602033116}},
			{in: record{"z": 1, "f": 1}, want: record{"near_b": 0.3443203202774814}},
		}},
		{"CL-34 CL-36 deviations and frequencies, an Array before the Partition", naive, []scored{
			{in: record{"x": 1, "z": 1, "m": 1}, want: record{"near": 0.9956995572348374}}, {in: record{"x": 2, "z": 2, "m": 2}, want: record{"near_b": 0.6197347448771087}},
			{in: record{"x": 2, "m": 2}, want: record{"near": 0.6493332755146184}}, {in: record{"m": 1}, want: record{"near": 0.8823529411764706}},
		}},
		{"CL-34 sums of values and squares", sums, []scored{{in: record{"x": 8}, want: record{"_target": "a", "near": 0.5}}}}, // 12/4 = 3, 52/4 - 9 = 4
		{"CL-37 what no cluster has fails the record", rare, []scored{
			{in: record{"m": 1, "x": 0}, code: undefined + " m"}, {in: record{"m": 7, "x": 0}, code: undefined + " m"}, {in: record{"m": 2, "x": 0.5}, want: record{"near": 0.5}},
			{in: record{"x": 1e200}, code: undefined}, {in: record{"x": 0.5}, want: record{"_target": "a"}},
		}},
		{"CL-30 CL-38 of equals the first", tied, []scored{{in: record{"x": 5}, want: record{"_target": "z", "second": "b", "near": 1.0 / 3}}}},
		{"CL-33 without a size of each, all are of equal size", sized(`size="5"`, ""), []scored{{in: record{"x": 0}, want: record{"near": one}}, {in: record{"x": 1}, want: record{"_target": "a", "near": 0.5}}}},
		{"CL-33 a cluster of size 0 has no records", sized(`size="5"`, `size="0"`), []scored{{in: record{"x": 9}, want: record{"_target": "a", "near": 1.0, "second": "b", "near_second": 0.0}}}},
		{"CL-02 votes of distributions", document(ensemble("clustering", "majorityVote", "", "{}", all(sub(sized("", ""))), all(sub(sized(`size="1"`, `size="999"`))), all(sub(sized("", ""))))), []scored{
			{in: record{"x": 0}, want: record{"_target": "a"}}, {in: record{"x": 0.9}, want: record{"_target": "a"}}, {in: record{"x": 1.5}, want: record{"_target": "b"}},
		}},
	}
}

// sub is the clustering model of a document, without its output.
func sub(document string) string {
	_, model, _ := strings.Cut(document, `<ClusteringModel`)
	model = `<ClusteringModel` + strings.TrimSuffix(model, `</PMML>`)
	before, rest, _ := strings.Cut(model, `<Output>`)
	_, after, _ := strings.Cut(rest, `</Output>`)
	return before + after
}

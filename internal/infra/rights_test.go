package infra

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of rights in docs/iam.md")

// purposes says what each statement of a role is for. A statement that is not here may not be there.
var purposes = map[string]string{
	"api/Log":          "write its own log",
	"api/Invoke":       "hand scoring requests on to the live version; ask functions/deploy for rollbacks, reports and previews",
	"api/ReadTable":    "list and describe models, versions, deployments, audit; wait for a deployment's end",
	"api/ListBuckets":  "hear that an object is missing: without it S3 says 403 instead of 404",
	"api/Uploads":      "PUT and presigned uploads: the road of every upload",
	"api/ReadVersions": "give documents and schemas of versions",
	"api/Previews":     "put a document there that is to be compared with what is live",
	"api/Tokens":       "check bearer tokens; only if one of the authorizations is TOKEN",

	"deploy/Log":           "write its own log",
	"deploy/Queue":         "the event source mapping takes uploads' events from it",
	"deploy/Table":         "read and write what is live, versions, deployments, audit",
	"deploy/ListBuckets":   "remove the files of a version; hear that an object is missing",
	"deploy/Uploads":       "read what was uploaded: the very object version; remove it with its model",
	"deploy/Versions":      "keep the files of versions; Lambda reads package.zip with this right, too",
	"deploy/ReadPreviews":  "compare a document with what is live",
	"deploy/Models":        "make the functions of models, publish, try, switch and collect their versions",
	"deploy/PassModelRole": "give a model's function its role, and no other",

	"model/Log": "write its log, and nothing else",

	"gradual/Aliases": "CodeDeploy moves the aliases of our own two functions",
	"gradual/Alarms":  "CodeDeploy looks whether an alarm rings; it only reads",
}

// calls says which right each call of AWS needs that an adapter makes, by AWS's service authorization reference.
var calls = map[string][]string{
	"s3.PutObject":        {"s3:PutObject"},
	"s3.PresignPutObject": {"s3:PutObject"},
	"s3.GetObject":        {"s3:GetObject", "s3:GetObjectVersion"},
	"s3.PresignGetObject": {"s3:GetObject"},
	"s3.HeadObject":       {"s3:GetObject"},
	"s3.DeleteObject":     {"s3:DeleteObject"},
	"s3.DeleteObjects":    {"s3:DeleteObject"},
	"s3.ListObjectsV2":    {"s3:ListBucket"},
	"s3.HeadBucket":       {"s3:ListBucket"},

	"dynamodb.GetItem":            {"dynamodb:GetItem"},
	"dynamodb.TransactGetItems":   {"dynamodb:GetItem"},
	"dynamodb.Query":              {"dynamodb:Query"},
	"dynamodb.TransactWriteItems": {"dynamodb:PutItem"}, // of its kinds, Put alone is used

	"secrets.GetSecretValue": {"secretsmanager:GetSecretValue"},

	"lambda.Invoke":                             {"lambda:InvokeFunction"},
	"lambda.CreateFunction":                     {"lambda:CreateFunction", "lambda:TagResource", "iam:PassRole"},
	"lambda.GetFunction":                        {"lambda:GetFunction", "lambda:ListTags"},
	"lambda.GetFunctionConfiguration":           {"lambda:GetFunctionConfiguration"},
	"lambda.UpdateFunctionCode":                 {"lambda:UpdateFunctionCode"},
	"lambda.UpdateFunctionConfiguration":        {"lambda:UpdateFunctionConfiguration", "iam:PassRole"},
	"lambda.PublishVersion":                     {"lambda:PublishVersion"},
	"lambda.ListVersionsByFunction":             {"lambda:ListVersionsByFunction"},
	"lambda.DeleteFunction":                     {"lambda:DeleteFunction"},
	"lambda.CreateAlias":                        {"lambda:CreateAlias"},
	"lambda.GetAlias":                           {"lambda:GetAlias"},
	"lambda.ListAliases":                        {"lambda:ListAliases"},
	"lambda.UpdateAlias":                        {"lambda:UpdateAlias"},
	"lambda.DeleteAlias":                        {"lambda:DeleteAlias"},
	"lambda.ListTags":                           {"lambda:ListTags"},
	"lambda.TagResource":                        {"lambda:TagResource"},
	"lambda.UntagResource":                      {"lambda:UntagResource"},
	"lambda.PutFunctionConcurrency":             {"lambda:PutFunctionConcurrency"},
	"lambda.GetFunctionConcurrency":             {"lambda:GetFunctionConcurrency"},
	"lambda.DeleteFunctionConcurrency":          {"lambda:DeleteFunctionConcurrency"},
	"lambda.PutProvisionedConcurrencyConfig":    {"lambda:PutProvisionedConcurrencyConfig"},
	"lambda.GetProvisionedConcurrencyConfig":    {"lambda:GetProvisionedConcurrencyConfig"},
	"lambda.ListProvisionedConcurrencyConfigs":  {"lambda:ListProvisionedConcurrencyConfigs"},
	"lambda.DeleteProvisionedConcurrencyConfig": {"lambda:DeleteProvisionedConcurrencyConfig"},
}

// lambdaItself are the rights that Lambda uses for a function without a call in its code.
var lambdaItself = []string{
	"logs:CreateLogStream", "logs:PutLogEvents", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
}

// A right is one action of one statement of a role.
type right struct {
	role, statement, action string
	resources               []string
	condition               object
}

// rights gives all that the roles of the template allow.
func rights(t *testing.T, template template) []right {
	t.Helper()
	var all []right
	for id, r := range template.of("AWS::IAM::Role") {
		role := strings.ToLower(strings.TrimSuffix(id, "Role"))
		if len(texts(r.Properties["ManagedPolicyArns"])) > 0 {
			t.Errorf("%s has policies that AWS may change", id)
		}
		for _, p := range list(r.Properties["Policies"]) {
			for _, s := range list(child(p.(object), "PolicyDocument")["Statement"]) {
				all = append(all, statementRights(t, role, s.(object))...)
			}
		}
	}
	slices.SortFunc(all, func(a, b right) int { return strings.Compare(a.role+a.statement+a.action, b.role+b.statement+b.action) })
	return all
}

func statementRights(t *testing.T, role string, s object) []right {
	t.Helper()
	if chosen, ok := s["Fn::If"].([]any); ok {
		s = chosen[1].(object)
	}
	if s["Effect"] != "Allow" || text(s["Sid"]) == "" {
		t.Errorf("%s has a statement that this test does not understand: %v", role, s)
	}
	var resources []string
	for _, r := range list(s["Resource"]) {
		resources = append(resources, show(r))
	}
	var all []right
	for _, action := range texts(s["Action"]) {
		all = append(all, right{role, text(s["Sid"]), action, resources, child(s, "Condition")})
	}
	return all
}

// TestRights: each right is written down with what it is for, names its action and its resource, and is for nothing else.
func TestRights(t *testing.T) {
	template := read(t, "template.yaml")
	used := map[string]bool{}
	for _, r := range rights(t, template) {
		statement := r.role + "/" + r.statement
		used[statement] = true
		if purposes[statement] == "" {
			t.Errorf("nobody knows what %s is for", statement)
		}
		if strings.Contains(r.action, "*") {
			t.Errorf("%s allows %s", statement, r.action)
		}
		for _, resource := range r.resources {
			checkResource(t, statement, r.action, resource)
		}
		isLog := strings.HasPrefix(r.action, "logs:") && strings.HasSuffix(r.resources[0], ":log-group:/handoff/${Stage}/models:*")
		if r.role == "model" && !isLog {
			t.Errorf("a model may do %s on %s", r.action, r.resources)
		}
		if r.action == "iam:PassRole" {
			service := child(r.condition, "StringEquals")["iam:PassedToService"]
			if r.role != "deploy" || !slices.Equal(r.resources, []string{"${ModelRole.Arn}"}) || service != "lambda.amazonaws.com" {
				t.Errorf("%s may pass %s to %v", r.role, r.resources, service)
			}
		}
	}
	for statement := range purposes {
		if !used[statement] {
			t.Errorf("there is no %s in the template", statement)
		}
	}
}

// checkResource wants resources of this stage alone.
func checkResource(t *testing.T, statement, action, resource string) {
	t.Helper()
	if resource == "*" {
		if action != "cloudwatch:DescribeAlarms" { // the template says why
			t.Errorf("%s allows %s on everything", statement, action)
		}
		return
	}
	if !strings.Contains(resource, "handoff") && !strings.HasPrefix(resource, "${") {
		t.Errorf("%s allows %s on %s, which is not of this stage", statement, action, resource)
	}
	if strings.HasPrefix(action, "lambda:") && strings.HasPrefix(statement, "deploy/") && !strings.HasSuffix(resource, ":function:handoff-${Stage}-m-*") {
		t.Errorf("%s allows %s on %s, which is no model's function", statement, action, resource)
	}
}

// TestCallsHaveRights: what the adapters call they may do, and what they may do they call.
func TestCallsHaveRights(t *testing.T) {
	made := adapterCalls(t)
	if !slices.Contains(made, "lambda.CreateFunction") {
		t.Fatal("the adapters' calls are not found")
	}
	needed := map[string]bool{}
	for _, action := range lambdaItself {
		needed[action] = true
	}
	for _, call := range made {
		if calls[call] == nil {
			t.Errorf("which right does %s need?", call)
		}
		for _, action := range calls[call] {
			needed[action] = true
		}
	}
	given := map[string]bool{}
	for _, r := range rights(t, read(t, "template.yaml")) {
		if r.role != "gradual" {
			given[r.action] = true
		}
	}
	for _, action := range slices.Sorted(maps.Keys(needed)) {
		if !given[action] {
			t.Errorf("no function may do %s, but %q are called", action, made)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(given)) {
		if !needed[action] {
			t.Errorf("nothing needs %s", action)
		}
	}
}

// adapterCalls gives the methods of the interfaces by which the adapters see the SDK, such as s3.PutObject.
func adapterCalls(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "internal/aws/*/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || filepath.Base(filepath.Dir(name)) == "awstest" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				made = append(made, sdkMethods(filepath.Base(filepath.Dir(name)), i)...)
			}
			return true
		})
	}
	slices.Sort(made)
	return slices.Compact(made)
}

// sdkMethods gives the methods of an interface that have the shape of the SDK's: they take a *…Input.
func sdkMethods(adapter string, i *ast.InterfaceType) []string {
	var names []string
	for _, method := range i.Methods.List {
		f, ok := method.Type.(*ast.FuncType)
		if !ok || len(method.Names) == 0 {
			continue
		}
		for _, p := range f.Params.List {
			pointer, _ := p.Type.(*ast.StarExpr)
			if pointer == nil {
				continue
			}
			if s, ok := pointer.X.(*ast.SelectorExpr); ok && strings.HasSuffix(s.Sel.Name, "Input") {
				names = append(names, adapter+"."+method.Names[0].Name)
			}
		}
	}
	return names
}

const (
	tableBegins = "<!-- go test ./internal/infra -update writes what follows -->\n"
	tableEnds   = "<!-- until here -->\n"
)

// TestRightsAreDocumented compares docs/iam.md with the template.
func TestRightsAreDocumented(t *testing.T) {
	name := filepath.Join(root, "docs/iam.md")
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), tableBegins)
	_, after, ended := strings.Cut(rest, tableEnds)
	if !found || !ended {
		t.Fatalf("docs/iam.md has no place for the table")
	}
	want := before + tableBegins + documented(rights(t, read(t, "template.yaml"))) + tableEnds + after
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatal("docs/iam.md does not say what the template allows; go test ./internal/infra -update rewrites it")
	}
	if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// documented writes the rights as tables, one for each role.
func documented(all []right) string {
	var b strings.Builder
	for _, role := range []string{"api", "deploy", "model", "gradual"} {
		fmt.Fprintf(&b, "\n### handoff-{stage}-%s-{region}\n\n| action | on | for |\n|---|---|---|\n", role)
		last := ""
		for _, r := range all {
			if r.role != role || r.statement == last {
				continue
			}
			last = r.statement
			var actions, resources []string
			for _, other := range all {
				if other.role == role && other.statement == last {
					actions = append(actions, "`"+other.action+"`")
				}
			}
			for _, resource := range r.resources {
				resources = append(resources, "`"+readable(resource)+"`")
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(actions, ", "), strings.Join(resources, ", "), purposes[role+"/"+last])
		}
	}
	return b.String() + "\n"
}

// readable leaves out of a resource what is the same everywhere.
func readable(resource string) string {
	return strings.NewReplacer(
		"arn:${AWS::Partition}:", "", ":${AWS::Region}:${AWS::AccountId}:", ":", "${Stage}", "{stage}",
		"${UploadsBucket.Arn}", "uploads bucket", "${ArtifactsBucket.Arn}", "artifacts bucket", "${Table.Arn}", "table",
		"${UploadsQueue.Arn}", "uploads queue", "${ModelRole.Arn}", "role handoff-{stage}-model-{region}", "${Tokens}", "secret handoff-{stage}-tokens",
	).Replace(resource)
}

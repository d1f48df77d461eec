package infra

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/aws/dynamodb"
)

// TestDataOutlivesTheStack: who deletes a stage by mistake, or changes what makes CloudFormation replace something, still
// has documents, versions, history and logs.
func TestDataOutlivesTheStack(t *testing.T) {
	resources := read(t, "template.yaml").Resources
	for _, id := range []string{"UploadsBucket", "ArtifactsBucket", "Table", "ModelLog"} {
		if r := resources[id]; r.Deletion != "Retain" || r.Replace != "Retain" {
			t.Errorf("%s: DeletionPolicy %q, UpdateReplacePolicy %q", id, r.Deletion, r.Replace)
		}
	}
	if got := resources["Table"].Properties["DeletionProtectionEnabled"]; got != "true" {
		t.Errorf("the table can be deleted: %v", got)
	}
}

func TestBuckets(t *testing.T) {
	template := read(t, "template.yaml")
	buckets := template.of("AWS::S3::Bucket")
	if len(buckets) != 2 {
		t.Errorf("%d buckets", len(buckets))
	}
	for id, r := range buckets {
		p := r.Properties
		want := object{
			"VersioningConfiguration":        object{"Status": "Enabled"},
			"OwnershipControls":              object{"Rules": []any{object{"ObjectOwnership": "BucketOwnerEnforced"}}},
			"PublicAccessBlockConfiguration": object{"BlockPublicAcls": "true", "BlockPublicPolicy": "true", "IgnorePublicAcls": "true", "RestrictPublicBuckets": "true"},
			"BucketEncryption": object{"ServerSideEncryptionConfiguration": []any{object{
				"BucketKeyEnabled": "true", "ServerSideEncryptionByDefault": object{"SSEAlgorithm": "aws:kms"},
			}}},
		}
		for name, v := range want {
			if diff := cmp.Diff(v, p[name]); diff != "" {
				t.Errorf("%s: %s:\n%s", id, name, diff)
			}
		}
		if !onlyTLS(template, "AWS::S3::BucketPolicy", func(p object) bool { return show(p["Bucket"]) == "${"+id+"}" }) {
			t.Errorf("%s can be reached without TLS", id)
		}
		var aborted bool
		for _, rule := range list(child(p, "LifecycleConfiguration")["Rules"]) {
			aborted = aborted || rule.(object)["AbortIncompleteMultipartUpload"] != nil
		}
		if !aborted {
			t.Errorf("%s keeps the parts of uploads that were given up", id)
		}
	}
}

// onlyTLS says whether a policy of a type denies everything that comes without TLS.
func onlyTLS(template template, kind string, about func(properties object) bool) bool {
	for _, r := range template.of(kind) {
		if !about(r.Properties) {
			continue
		}
		for _, s := range list(child(r.Properties, "PolicyDocument")["Statement"]) {
			statement := s.(object)
			if statement["Effect"] == "Deny" && statement["Principal"] == "*" && strings.HasSuffix(text(statement["Action"]), ":*") &&
				child(statement, "Condition", "Bool")["aws:SecureTransport"] == "false" {
				return true
			}
		}
	}
	return false
}

// TestUploadsReachTheFunction follows an event from the bucket through the queue to the function.
func TestUploadsReachTheFunction(t *testing.T) {
	template := read(t, "template.yaml")
	var events []string
	for _, c := range list(child(template.Resources["UploadsBucket"].Properties, "NotificationConfiguration")["QueueConfigurations"]) {
		events = append(events, text(c.(object)["Event"]))
		filter := object{"S3Key": object{"Rules": []any{object{"Name": "prefix", "Value": "models/"}}}}
		if diff := cmp.Diff(filter, c.(object)["Filter"]); diff != "" || show(c.(object)["Queue"]) != "${UploadsQueue.Arn}" {
			t.Errorf("notification %v", c)
		}
	}
	if want := []string{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}; !slices.Equal(events, want) {
		t.Errorf("the bucket tells of %q, want %q", events, want)
	}
	var may bool
	for _, s := range list(child(template.Resources["UploadsQueuePolicy"].Properties, "PolicyDocument")["Statement"]) {
		statement := s.(object)
		source := show(child(statement, "Condition", "ArnEquals")["aws:SourceArn"])
		may = may || statement["Effect"] == "Allow" && statement["Action"] == "sqs:SendMessage" &&
			child(statement, "Principal")["Service"] == "s3.amazonaws.com" &&
			show(child(statement, "Condition", "StringEquals")["aws:SourceAccount"]) == "${AWS::AccountId}" &&
			strings.HasSuffix(source, ":"+show(template.Resources["UploadsBucket"].Properties["BucketName"]))
	}
	if !may {
		t.Error("the bucket, and nobody else, may send to the queue")
	}
	source := child(template.Resources["DeployFunction"].Properties, "Events", "Uploads")
	p := child(source, "Properties")
	if source["Type"] != "SQS" || show(p["Queue"]) != "${UploadsQueue.Arn}" || !slices.Equal(texts(p["FunctionResponseTypes"]), []string{"ReportBatchItemFailures"}) ||
		child(p, "ScalingConfig")["MaximumConcurrency"] == nil {
		t.Errorf("event source %v", source)
	}
	minute := child(template.Resources["DeployFunction"].Properties, "Events", "EveryMinute")
	if minute["Type"] != "Schedule" || child(minute, "Properties")["Schedule"] != "rate(1 minute)" {
		t.Errorf("schedule %v", minute)
	}
}

func TestQueues(t *testing.T) {
	template := read(t, "template.yaml")
	for id, r := range template.of("AWS::SQS::Queue") {
		about := func(p object) bool {
			return slices.ContainsFunc(list(p["Queues"]), func(q any) bool { return show(q) == "${"+id+"}" })
		}
		if r.Properties["SqsManagedSseEnabled"] != "true" || !onlyTLS(template, "AWS::SQS::QueuePolicy", about) {
			t.Errorf("%s is not encrypted, or can be reached without TLS", id)
		}
	}
	uploads, dead := template.Resources["UploadsQueue"].Properties, template.Resources["DeadLetterQueue"].Properties
	redrive := child(uploads, "RedrivePolicy")
	if show(redrive["deadLetterTargetArn"]) != "${DeadLetterQueue.Arn}" || number(t, redrive["maxReceiveCount"]) < 3 {
		t.Errorf("redrive %v", redrive)
	}
	if !strings.HasSuffix(show(list(child(dead, "RedriveAllowPolicy")["sourceQueueArns"])[0]), ":"+show(uploads["QueueName"])) {
		t.Errorf("the dead-letter queue takes from %v", dead["RedriveAllowPolicy"])
	}
	// Lambda refuses a queue that shows a message again before the function's time is over; and who uploads waits.
	timeout, visibility := number(t, template.Resources["DeployFunction"].Properties["Timeout"]), number(t, uploads["VisibilityTimeout"])
	if visibility < timeout+60 || visibility > 2*timeout {
		t.Errorf("a message is hidden for %d s, and the function may take %d", visibility, timeout)
	}
	if number(t, dead["MessageRetentionPeriod"]) <= number(t, uploads["MessageRetentionPeriod"]) {
		t.Error("a dead letter is kept for as long as it was when it was first sent")
	}
}

func number(t *testing.T, v any) int {
	t.Helper()
	n, err := strconv.Atoi(text(v))
	if err != nil {
		t.Errorf("%v is not a number", v)
	}
	return n
}

// TestTable: the template makes the table that the store is tested on.
func TestTable(t *testing.T) {
	p := read(t, "template.yaml").Resources["Table"].Properties
	want := dynamodb.TableInput("table")
	attributes, keys, indexes := []any{}, []any{}, []any{}
	for _, a := range want.AttributeDefinitions {
		attributes = append(attributes, object{"AttributeName": *a.AttributeName, "AttributeType": string(a.AttributeType)})
	}
	for _, k := range want.KeySchema {
		keys = append(keys, object{"AttributeName": *k.AttributeName, "KeyType": string(k.KeyType)})
	}
	for _, i := range want.GlobalSecondaryIndexes {
		schema := []any{}
		for _, k := range i.KeySchema {
			schema = append(schema, object{"AttributeName": *k.AttributeName, "KeyType": string(k.KeyType)})
		}
		indexes = append(indexes, object{
			"IndexName": *i.IndexName, "KeySchema": schema,
			"Projection": object{"ProjectionType": string(i.Projection.ProjectionType)},
		})
	}
	sorted := func(v any) []any {
		l := slices.Clone(list(v))
		slices.SortFunc(l, func(a, b any) int {
			return strings.Compare(text(a.(object)["AttributeName"]), text(b.(object)["AttributeName"]))
		})
		return l
	}
	for _, c := range []struct{ want, got any }{
		{string(want.BillingMode), p["BillingMode"]},
		{sorted(attributes), sorted(p["AttributeDefinitions"])},
		{keys, p["KeySchema"]},
		{indexes, p["GlobalSecondaryIndexes"]},
		{object{"AttributeName": dynamodb.ExpiryAttribute, "Enabled": "true"}, p["TimeToLiveSpecification"]},
		{object{"PointInTimeRecoveryEnabled": "true"}, p["PointInTimeRecoverySpecification"]},
		{object{"SSEEnabled": "true"}, p["SSESpecification"]},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("table (-store +template):\n%s", diff)
		}
	}
}

func TestLogsEnd(t *testing.T) {
	names := []string{}
	for id, r := range read(t, "template.yaml").of("AWS::Logs::LogGroup") {
		names = append(names, show(r.Properties["LogGroupName"]))
		if show(r.Properties["RetentionInDays"]) != "${LogRetentionDays}" {
			t.Errorf("%s is kept %v days", id, r.Properties["RetentionInDays"])
		}
	}
	slices.Sort(names)
	if want := []string{"/handoff/${Stage}/access", "/handoff/${Stage}/api", "/handoff/${Stage}/deploy", "/handoff/${Stage}/models"}; !slices.Equal(names, want) {
		t.Errorf("log groups %q", names)
	}
}

// TestNamesInOtherTemplates: alarms and the dashboard name what they watch, so that they need not wait for it.
func TestNamesInOtherTemplates(t *testing.T) {
	template := read(t, "template.yaml")
	var names []string
	for _, r := range template.Resources {
		for _, property := range []string{"FunctionName", "QueueName"} {
			names = append(names, show(r.Properties[property]))
		}
	}
	for id, r := range read(t, "infra/alarms.yaml").of("AWS::CloudWatch::Alarm") {
		for _, d := range list(r.Properties["Dimensions"]) {
			dimension, _ := d.(object)
			name := show(dimension["Value"])
			if strings.HasPrefix(name, "handoff-") && !slices.Contains(names, name) {
				t.Errorf("%s watches %s, which is not there: %q", id, name, names)
			}
		}
		if r.Properties["AlarmActions"] == nil || r.Properties["AlarmDescription"] == nil {
			t.Errorf("%s tells nobody, or nothing", id)
		}
	}
}

// TestDashboardShowsWhatIsLogged: what the dashboard asks the log of deployments for are names that package deploy writes.
func TestDashboardShowsWhatIsLogged(t *testing.T) {
	body := show(read(t, "infra/dashboard.yaml").Resources["Dashboard"].Properties["DashboardBody"])
	asked := regexp.MustCompile(`fields ([^|]+) \|`).FindStringSubmatch(body)
	if asked == nil {
		t.Fatal("the dashboard asks for no fields")
	}
	logged := source(t, "../deploy")
	for field := range strings.SplitSeq(asked[1], ", ") {
		switch field {
		case "@timestamp", slog.LevelKey, slog.MessageKey:
		default:
			if !regexp.MustCompile(`slog\.\w+\("` + field + `"`).MatchString(logged) {
				t.Errorf("nothing is logged as %q", field)
			}
		}
	}
}

// source gives the Go code of a folder, without its tests.
func source(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(folder + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// TestFindingsAreExplained: what checkov may not complain of has a reason.
func TestFindingsAreExplained(t *testing.T) {
	for _, name := range []string{"template.yaml", "infra/alarms.yaml", "infra/dashboard.yaml", "infra/score.yaml"} {
		for id, r := range read(t, name).Resources {
			for _, s := range list(child(r.Metadata, "checkov")["skip"]) {
				if skip, ok := s.(object); ok && (skip["id"] == nil || len(text(skip["comment"])) < 20) {
					t.Errorf("%s: %s: %v has no reason", name, id, skip)
				}
			}
		}
	}
}

// TestSampleFunction: the environment of the sample model's function says what the sample is.
func TestSampleFunction(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(root, "testdata/samples/iris/model.pmml"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(document)
	variables := child(read(t, "infra/score.yaml").Resources["ScoreFunction"].Properties, "Environment", "Variables")
	if got, want := variables["HANDOFF_DOCUMENT_CHECKSUM"], hex.EncodeToString(sum[:]); got != want {
		t.Errorf("checksum %v, want %s", got, want)
	}
	if got := number(t, variables["HANDOFF_DOCUMENT_SIZE"]); got != len(document) {
		t.Errorf("size %d, want %d", got, len(document))
	}
}

func TestOutputs(t *testing.T) {
	outputs := read(t, "template.yaml").Outputs
	for _, name := range []string{
		"BaseUrl", "Deploy", "UploadsBucketName", "ArtifactsBucketName", "TableName", "UploadsQueueUrl", "DeadLetterQueueUrl",
		"DashboardUrl", "TokensSecret", "ApiLogGroup", "DeployLogGroup", "ModelLogGroup", "AccessLogGroup",
	} {
		if outputs[name] == nil {
			t.Errorf("no output %s", name)
		}
	}
}

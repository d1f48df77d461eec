package lambda_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	s3sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
)

func TestContract(t *testing.T) {
	for name, c := range map[string]awstest.LambdaConfig{
		"at once":   {},
		"slow":      {Polls: 3, Page: 2},
		"throttled": {Polls: 1, Page: 1, Seed: 7, Throttle: .3},
	} {
		t.Run(name, func(t *testing.T) {
			porttest.Runtime(t, func(t *testing.T) porttest.Site {
				w := newWorld(t, c)
				return porttest.Site{Runtime: w.runtime, Artifacts: w.files, Fenced: true, Serving: func(t *testing.T, id string) int {
					f, _ := w.aws.Function(lambda.FunctionName("test", id))
					return numberOf(t, f.Versions[alias(f)].Environment)
				}}
			})
		})
	}
}

// numberOf gives the number of a version by the environment of what was published.
func numberOf(t *testing.T, e *types.EnvironmentResponse) int {
	t.Helper()
	if e == nil {
		return 0
	}
	n, err := strconv.Atoi(e.Variables["HANDOFF_MODEL_VERSION"])
	if err != nil {
		t.Error(err)
	}
	return n
}

// TestStandIn runs the contract on the stand-in for AWS that HANDOFF_LAMBDA is the endpoint of, as make e2e does: it must
// have Lambda, S3 and IAM, and run functions. The test makes the role, a bucket and the bootstrap that it needs.
func TestStandIn(t *testing.T) {
	endpoint := os.Getenv("HANDOFF_LAMBDA")
	if endpoint == "" {
		t.Skip("skipped: HANDOFF_LAMBDA names no stand-in for AWS; make e2e runs one")
	}
	c := aws.Config{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	client := sdk.NewFromConfig(c)
	bucket := newBucket(t, c)
	role, bootstrap := newRole(t, endpoint), score(t)
	files := s3.NewArtifacts(s3Client(c), bucket)
	porttest.Runtime(t, func(*testing.T) porttest.Site {
		stage := "t" + strings.ToLower(rand.Text())[:8]
		r := lambda.New(client, lambda.Config{Stage: stage, Role: role, Architecture: types.ArchitectureX8664, Bootstrap: bootstrap,
			Artifacts: files, ArtifactsBucket: bucket, FileKey: s3.FileKey})
		return porttest.Site{Runtime: r, Artifacts: files, Fenced: true, Serving: func(t *testing.T, id string) int {
			name := lambda.FunctionName(stage, id)
			a, err := client.GetAlias(t.Context(), &sdk.GetAliasInput{FunctionName: &name, Name: new(lambda.Alias)})
			if err != nil {
				return 0
			}
			f, err := client.GetFunctionConfiguration(t.Context(), &sdk.GetFunctionConfigurationInput{FunctionName: &name, Qualifier: a.FunctionVersion})
			if err != nil {
				t.Error(err)
				return 0
			}
			return numberOf(t, f.Environment)
		}}
	})
}

func s3Client(c aws.Config) *s3sdk.Client {
	return s3sdk.NewFromConfig(c, func(o *s3sdk.Options) { o.UsePathStyle = true })
}

func newBucket(t *testing.T, c aws.Config) string {
	t.Helper()
	name := "handoff-" + strings.ToLower(rand.Text())
	if _, err := s3Client(c).CreateBucket(t.Context(), &s3sdk.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return name
}

// newRole makes a role that Lambda may take, in the stand-in's IAM, and gives its ARN. It is the only call of IAM's, so no
// client of it is needed: stand-ins tell services apart by what is signed, and check no signatures.
func newRole(t *testing.T, endpoint string) string {
	t.Helper()
	name := "handoff-" + strings.ToLower(rand.Text())
	form := url.Values{"Action": {"CreateRole"}, "Version": {"2010-05-08"}, "RoleName": {name}, "AssumeRolePolicyDocument": {
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260310/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("cannot make a role: %s", answer.Status)
	}
	return "arn:aws:iam::123456789012:role/" + name
}

// score builds functions/score.
func score(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-o", path, "../../../functions/score")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build functions/score: %v\n%s", err, out)
	}
	return path
}

package lambda_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
	"github.com/handoff-pmml/handoff/internal/deploy/porttest"
)

const bucket = "artifacts"

// A world is Lambda and a bucket in memory, and a Runtime on them.
type world struct {
	aws     *awstest.Lambda
	files   *deploytest.Artifacts
	runtime *lambda.Runtime
	at      time.Time
	rev     int64
}

func newWorld(t testing.TB, c awstest.LambdaConfig) *world {
	t.Helper()
	w := &world{files: &deploytest.Artifacts{Tape: &deploytest.Tape{}}, at: time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)}
	c.Code = w.code
	w.aws = awstest.NewLambda(c)
	w.runtime = lambda.New(w.aws, w.config(bootstrap(t)))
	return w
}

func (w *world) config(bootstrap string) lambda.Config {
	return lambda.Config{Stage: "test", Role: "arn:aws:iam::123456789012:role/model", LogGroup: "/handoff/test/models",
		Architecture: types.ArchitectureArm64, Bootstrap: bootstrap, Artifacts: w.files, ArtifactsBucket: bucket, FileKey: s3.FileKey,
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// code reads a package from the bucket.
func (w *world) code(from, key string) ([]byte, error) {
	parts := strings.Split(key, "/")
	if from != bucket || len(parts) != 4 {
		return nil, fmt.Errorf("no object %s in %s", key, from)
	}
	number, err := strconv.Atoi(parts[2])
	if err != nil {
		return nil, err
	}
	if file := w.files.File(parts[1], number, parts[3]); file != nil {
		return file, nil
	}
	return nil, fmt.Errorf("no object %s in %s", key, from)
}

// bootstrap gives the path of something that stands for functions/score.
func bootstrap(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (w *world) model(id string) deploy.Model {
	w.rev++
	w.at = w.at.Add(time.Second)
	return deploy.Model{ID: id, Rev: w.rev, Updated: w.at}
}

// keep keeps the files of a version of iris, and packs it.
func (w *world) keep(t testing.TB, number int) deploy.Version {
	t.Helper()
	document := porttest.Line(number)
	compiled, err := compile.Compile(strings.NewReader(document), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(document))
	v := deploy.Version{Model: "iris", Number: number, Created: w.at, CompiledBytes: int64(len(compiled)),
		Document: deploy.Document{Size: int64(len(document)), Checksum: hex.EncodeToString(sum[:])}}
	if err := w.files.Put(t.Context(), "iris", number, deploy.CompiledFile, strings.NewReader(string(compiled))); err != nil {
		t.Fatal(err)
	}
	if v.Package, err = w.runtime.Pack(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

// live makes a version of iris live.
func (w *world) live(t testing.TB, number int) deploy.Version {
	t.Helper()
	v := w.keep(t, number)
	name, err := w.runtime.Publish(t.Context(), v, w.model("iris"))
	if err != nil {
		t.Fatal(err)
	}
	v.Published = append(v.Published, name)
	if err := w.runtime.Switch(t.Context(), v, w.model("iris")); err != nil {
		t.Fatal(err)
	}
	return v
}

var iris = lambda.FunctionName("test", "iris")

// function gives what there is of the function of iris.
func (w *world) function(t testing.TB) awstest.Function {
	t.Helper()
	f, ok := w.aws.Function(iris)
	if !ok {
		t.Fatal("there is no function")
	}
	return f
}

// alias gives the version that the alias names; empty: there is none.
func alias(f awstest.Function) string {
	if a, ok := f.Aliases[lambda.Alias]; ok {
		return *a.FunctionVersion
	}
	return ""
}

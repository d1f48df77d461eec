package awstest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	handoff "github.com/handoff-pmml/handoff/internal/aws/function"
)

// unzip gives the files of a package.
func unzip(zipped []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// StartScore does in this process what functions/score does in an environment of Lambda's.
func StartScore(files map[string][]byte, getenv func(string) string) (answer Answer, err error) {
	if len(files["bootstrap"]) == 0 {
		return nil, errors.New("the package has no bootstrap")
	}
	file, err := os.CreateTemp("", "model-*.bin")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // it lies in a folder for such files
	_, err = file.Write(files["model.bin"])
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	service, id, err := handoff.Score(func(key string) string {
		if key == "HANDOFF_MODEL_FILE" {
			return file.Name()
		}
		return getenv(key)
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	return handoff.NewHandler(service, id).Invoke, nil
}

// A Function is what a Lambda has of one function.
type Function struct {
	Latest      types.FunctionConfiguration
	Versions    map[string]types.FunctionConfiguration
	Aliases     map[string]types.AliasConfiguration
	Tags        map[string]string
	Reserved    int // executions; -1: none
	Provisioned map[string]int32
}

// Function gives what there is under a name; false: nothing. It is no call.
func (l *Lambda) Function(name string) (Function, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.functions[name]
	if f == nil {
		return Function{}, false
	}
	seen := Function{Latest: f.latest.FunctionConfiguration, Versions: map[string]types.FunctionConfiguration{},
		Aliases: map[string]types.AliasConfiguration{}, Tags: maps.Clone(f.tags), Reserved: -1, Provisioned: maps.Clone(f.prepared)}
	for number, v := range f.versions {
		seen.Versions[number] = v.FunctionConfiguration
	}
	for name, a := range f.aliases {
		seen.Aliases[name] = *a
	}
	if f.reserved != nil {
		seen.Reserved = int(*f.reserved)
	}
	return seen, true
}

// Idle lets Lambda take back the resources of a function and all its versions, as it does after weeks. It is no call.
func (l *Lambda) Idle(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.functions[name]
	f.latest.State, f.latest.run = types.StateInactive, nil
	for _, v := range f.versions {
		v.State, v.run = types.StateInactive, nil
	}
}

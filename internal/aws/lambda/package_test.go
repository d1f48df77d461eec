package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// What is packed is a zip of two files, and the same whenever it is made.
func TestPack(t *testing.T) {
	a, b := newWorld(t, awstest.LambdaConfig{}), newWorld(t, awstest.LambdaConfig{})
	v, other := a.keep(t, 1), b.keep(t, 1)
	zipped := a.files.File("iris", 1, deploy.PackageFile)
	if v.Package != other.Package || !bytes.Equal(zipped, b.files.File("iris", 1, deploy.PackageFile)) {
		t.Errorf("the same files make %v and %v", v.Package, other.Package)
	}
	if different := a.keep(t, 2); different.Package == v.Package {
		t.Errorf("other files make the same package: %v", v.Package)
	}
	sum := sha256.Sum256(zipped)
	if want := (deploy.Package{Size: int64(len(zipped)), Checksum: base64.StdEncoding.EncodeToString(sum[:])}); v.Package != want {
		t.Errorf("%v, want %v", v.Package, want)
	}
	z, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ name, mode string }{{"bootstrap", "-rwxr-xr-x"}, {"model.bin", "-rw-r--r--"}} {
		if f := z.File[i]; f.Name != want.name || f.Mode().String() != want.mode || f.Modified.Year() != 1980 {
			t.Errorf("file %d: %s %s of %v, want %v", i, f.Name, f.Mode(), f.Modified, want)
		}
	}
	if len(z.File) != 2 {
		t.Errorf("%d files", len(z.File))
	}
}

// vast has a compiled form of a size.
type vast struct {
	deploy.Artifacts
	size int64
}

func (a vast) Get(context.Context, string, int, string) (io.ReadCloser, int64, error) {
	return io.NopCloser(strings.NewReader("")), a.size, nil
}

func TestPackFails(t *testing.T) {
	w := newWorld(t, awstest.LambdaConfig{})
	v := deploy.Version{Model: "iris", Number: 1}
	pack := func(change func(*lambda.Config)) error {
		c := w.config(bootstrap(t))
		change(&c)
		_, err := lambda.New(w.aws, c).Pack(t.Context(), v)
		return err
	}
	if err := pack(func(*lambda.Config) {}); !errors.Is(err, deploy.ErrGone) {
		t.Errorf("without a compiled form: %v", err)
	}
	if err := pack(func(c *lambda.Config) { c.Bootstrap = "/nowhere" }); err == nil || !strings.Contains(err.Error(), "/nowhere") {
		t.Errorf("without a bootstrap: %v", err)
	}
	rejection := (*catalog.Rejection)(nil)
	err := pack(func(c *lambda.Config) { c.Artifacts = vast{w.files, 250 << 20} })
	if !errors.As(err, &rejection) || rejection.Code != "resources" || !strings.Contains(rejection.Message, "262144000") {
		t.Errorf("too large: %v", err)
	}
	if err := pack(func(c *lambda.Config) { c.Artifacts = vast{w.files, 250<<20 - 10} }); err != nil {
		t.Errorf("as large as can be: %v", err)
	}
}

package lambda

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// maxUnzipped is the largest package that Lambda runs, unzipped, in bytes. What fits into it also fits into the memory that
// a function can have.
const maxUnzipped = 250 << 20

// packed is the time of all files in packages, so that the same files give the same bytes. Zip files have no earlier one.
var packed = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Pack makes a zip of the bootstrap and the compiled form. The same files give the same bytes: what was packed twice is the
// same code to Lambda.
func (r *Runtime) Pack(ctx context.Context, v deploy.Version) (deploy.Package, error) {
	made, err := r.pack(ctx, v)
	if err != nil {
		return deploy.Package{}, fmt.Errorf("pack version %d of %s: %w", v.Number, v.Model, err)
	}
	return made, nil
}

func (r *Runtime) pack(ctx context.Context, v deploy.Version) (made deploy.Package, err error) {
	bootstrap, err := os.Open(r.Bootstrap)
	if err != nil {
		return made, err
	}
	defer bootstrap.Close() //nolint:errcheck // only read
	info, err := bootstrap.Stat()
	if err != nil {
		return made, err
	}
	compiled, size, err := r.Artifacts.Get(ctx, v.Model, v.Number, deploy.CompiledFile)
	if err != nil {
		return made, fmt.Errorf("%s: %w", deploy.CompiledFile, err)
	}
	defer compiled.Close() //nolint:errcheck // only read
	if size > maxUnzipped-info.Size() {
		return made, &catalog.Rejection{Code: "resources", Message: fmt.Sprintf(
			"the compiled model has %d bytes: with what runs it, more than the %d bytes that a Lambda function may have", size, maxUnzipped)}
	}
	file, err := os.CreateTemp("", "package-*.zip")
	if err != nil {
		return made, err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // Lambda forgets it anyway
	defer file.Close()           //nolint:errcheck // what counts is read back
	if made, err = writePackage(file, bootstrap, compiled); err != nil {
		return made, err
	}
	if _, err = file.Seek(0, io.SeekStart); err != nil {
		return made, err
	}
	return made, r.Artifacts.Put(ctx, v.Model, v.Number, deploy.PackageFile, file)
}

// writePackage writes a zip and says what it is.
func writePackage(file io.Writer, bootstrap, compiled io.Reader) (deploy.Package, error) {
	sum, size := sha256.New(), new(counter)
	z := zip.NewWriter(io.MultiWriter(file, sum, size))
	for _, f := range []struct {
		name string
		mode fs.FileMode
		src  io.Reader
	}{{bootstrapFile, 0o755, bootstrap}, {deploy.CompiledFile, 0o644, compiled}} {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: packed}
		header.SetMode(f.mode)
		w, err := z.CreateHeader(header)
		if err == nil {
			_, err = io.Copy(w, f.src)
		}
		if err != nil {
			return deploy.Package{}, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return deploy.Package{}, err
	}
	return deploy.Package{Size: int64(*size), Checksum: base64.StdEncoding.EncodeToString(sum.Sum(nil))}, nil
}

// A counter counts the bytes that are written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

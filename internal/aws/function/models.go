package function

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// The environment of the function of one model. All but the file are required: a function that does not know what it
// serves would tell callers something wrong.
const (
	envModelID  = "HANDOFF_MODEL_ID"
	envVersion  = "HANDOFF_MODEL_VERSION"     // number of the version, from 1
	envFile     = "HANDOFF_MODEL_FILE"        // the compiled form; default model.bin, beside the binary
	envSize     = "HANDOFF_DOCUMENT_SIZE"     // bytes of the document
	envChecksum = "HANDOFF_DOCUMENT_CHECKSUM" // SHA-256 of the document in lower-case hexadecimal digits
	envCreated  = "HANDOFF_CREATED"           // when the version was made: RFC 3339
)

// Model opens the model that the environment names, as os.Getenv gives it: a catalog of one. The error says which variable
// is wrong, or why the file cannot be opened.
func Model(getenv func(string) string) (*catalog.Fixed, catalog.Model, error) {
	m, err := describedBy(getenv)
	if err != nil {
		return nil, m, err
	}
	models := new(catalog.Fixed)
	return models, m, add(models, m, cmp.Or(getenv(envFile), "model.bin"))
}

// describedBy reads from the environment what a compiled form does not know.
func describedBy(getenv func(string) string) (m catalog.Model, err error) {
	wrong := func(name, rule string) error { return fmt.Errorf("%s is %q: it must be %s", name, getenv(name), rule) }
	if m.ID = getenv(envModelID); !catalog.ValidID(m.ID) {
		return m, wrong(envModelID, "the id of a model")
	}
	if m.Version, err = strconv.Atoi(getenv(envVersion)); err != nil || m.Version < 1 {
		return m, wrong(envVersion, "the number of a version, from 1")
	}
	if m.Size, err = strconv.ParseInt(getenv(envSize), 10, 64); err != nil || m.Size < 0 {
		return m, wrong(envSize, "the size of the document in bytes")
	}
	if m.Checksum = getenv(envChecksum); !isChecksum(m.Checksum) {
		return m, wrong(envChecksum, "the SHA-256 of the document in lower-case hexadecimal digits")
	}
	if m.Created, err = time.Parse(time.RFC3339Nano, getenv(envCreated)); err != nil {
		return m, wrong(envCreated, "a time as in RFC 3339, such as 2026-03-10T09:30:00Z")
	}
	return m, nil
}

func isChecksum(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == 32 && text == strings.ToLower(text)
}

func add(models *catalog.Fixed, m catalog.Model, file string) error {
	compiled, release, err := mapFile(file)
	if err != nil {
		return fmt.Errorf("model %s: %w", m.ID, err)
	}
	defer release() // what is opened keeps nothing of it
	return models.Add(m, compiled)
}

package function

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// compiledSuffix ends the name of a compiled model that lies beside a binary; the facts about its document lie beside
// it, under the same name with factsSuffix.
const (
	compiledSuffix = ".bin"
	factsSuffix    = ".json"
)

// facts is what the REST API tells of a document and a compiled form does not know.
type facts struct {
	Size     int64  `json:"size"`     // bytes of the document
	Checksum string `json:"checksum"` // SHA-256 of the document in hexadecimal digits
}

// WriteModel writes a compiled model as Models and Model find it: the compiled form to file, whose name ends in .bin,
// and the facts about its document beside it.
func WriteModel(file string, compiled, document []byte) error {
	sum := sha256.Sum256(document)
	known, err := json.Marshal(facts{Size: int64(len(document)), Checksum: hex.EncodeToString(sum[:])})
	if err != nil {
		return err
	}
	if err := os.WriteFile(factsFile(file), append(known, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(file, compiled, 0o644)
}

// Models opens every compiled model of a folder; NAME.bin is the model NAME.
func Models(folder string) (*catalog.Fixed, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*"+compiledSuffix))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no compiled models in %q", folder)
	}
	models := new(catalog.Fixed)
	for _, file := range files {
		if err := add(models, strings.TrimSuffix(filepath.Base(file), compiledSuffix), file); err != nil {
			return nil, err
		}
	}
	return models, nil
}

// Model opens one compiled model: a catalog of one.
func Model(id, file string) (*catalog.Fixed, error) {
	models := new(catalog.Fixed)
	return models, add(models, id, file)
}

func add(models *catalog.Fixed, id, file string) error {
	compiled, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("model %s: %w", id, err)
	}
	known, err := readFacts(factsFile(file))
	if err != nil {
		return fmt.Errorf("model %s: %w", id, err)
	}
	m := catalog.Model{ID: id, Size: known.Size, Checksum: known.Checksum}
	if info, err := os.Stat(file); err == nil {
		m.Created = info.ModTime() // when the function's package was made
	}
	return models.Add(m, compiled)
}

func factsFile(file string) string { return strings.TrimSuffix(file, compiledSuffix) + factsSuffix }

// readFacts reads the facts about a document; a compiled model may come without.
func readFacts(file string) (facts, error) {
	var known facts
	encoded, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return known, err
	}
	if err := json.Unmarshal(encoded, &known); err != nil {
		return known, fmt.Errorf("%s: %w", file, err)
	}
	return known, nil
}

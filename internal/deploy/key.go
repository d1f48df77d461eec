package deploy

import (
	"strings"

	"github.com/handoff-pmml/handoff/internal/catalog"
)

// A model's document lies under one of four keys: models/{id}/model.pmml, models/{id}.pmml, and both with .gz. What lies
// beside a document in models/{id}/ is about that model, too.
const (
	prefix       = "models/"
	documentName = "model.pmml"
	suffix       = ".pmml"
	gzipSuffix   = ".gz"

	SettingsName = "model.json"   // settings
	GoldenName   = "golden.csv"   // rows with the results that they must have
	BaselineName = "baseline.csv" // rows that are typical
)

// ModelOf gives the model that the object under a key is about, and what the object is: "" for the document, or the
// name of a sidecar. ok is false for a key that is about no model.
func ModelOf(key string) (id, sidecar string, ok bool) {
	name, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return "", "", false
	}
	id, file, nested := strings.Cut(name, "/")
	if !nested {
		id, ok = strings.CutSuffix(strings.TrimSuffix(name, gzipSuffix), suffix)
		return id, "", ok && catalog.ValidID(id)
	}
	switch file {
	case documentName, documentName + gzipSuffix:
	case SettingsName, GoldenName, BaselineName:
		sidecar = file
	default:
		return "", "", false
	}
	return id, sidecar, catalog.ValidID(id)
}

// KeyOf gives the key under which the document of a model is put that has none yet.
func KeyOf(id string) string { return prefix + id + "/" + documentName }

// KeysOf gives the keys under which the document of a model may lie.
func KeysOf(id string) []string {
	nested, plain := KeyOf(id), prefix+id+suffix
	return []string{nested, nested + gzipSuffix, plain, plain + gzipSuffix}
}

// SidecarOf gives the key of a sidecar of a model.
func SidecarOf(id, name string) string { return prefix + id + "/" + name }

// SidecarsOf gives the keys of all sidecars of a model.
func SidecarsOf(id string) []string {
	return []string{SidecarOf(id, SettingsName), SidecarOf(id, GoldenName), SidecarOf(id, BaselineName)}
}

// IsGzip says whether what lies under a key is to be compressed.
func IsGzip(key string) bool { return strings.HasSuffix(key, gzipSuffix) }

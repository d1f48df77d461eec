package rest_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// TestStrictGoldens replays what was recorded of a server that validates documents, and of the metrics of Openscoring 1.
func TestStrictGoldens(t *testing.T) {
	folder := goldensFolder(t)
	for _, pattern := range []string{"must/validate_*.json", "quirks/validate_*.json", "legacy/legacy_metric_*.json"} {
		files, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(files) == 0 {
			t.Errorf("nothing was recorded as %s: %v", pattern, err)
		}
		for _, file := range files {
			g := readGolden(t, file)
			t.Run(g.Name, func(t *testing.T) {
				server := newServer(t, func(c *rest.Config) {
					if g.Server == "validate" {
						strict(c)
					}
				})
				base := server.URL + "/openscoring"
				for _, s := range g.Setup {
					exchange(t, "PUT", base+"/model/"+s.ID, map[string]string{"Content-Type": "application/xml"}, fileText(t, filepath.Join(folder, s.File)))
				}
				for _, p := range g.Pre {
					exchange(t, p.Method, base+p.Path, p.Headers, p.Body)
				}
				compare(t, g, exchange(t, g.Request.Method, base+g.Request.Path, g.Request.Headers, goldenBody(t, folder, g)))
			})
		}
	}
}

func strict(c *rest.Config) { c.Deployer.(*local.Store).Strict = true }

// TestStrictDeployment refuses a document, and names the place, only where documents are checked strictly.
func TestStrictDeployment(t *testing.T) {
	document := strings.Replace(irisDocument(t), "<Header", `<Header bogus="1"`, 1)
	put := request{"PUT", "/model/a", "Content-Type: application/xml", document}
	if got := send(t, newServer(t, nil), put); got.status != 201 {
		t.Errorf("%d %s", got.status, got.body)
	}
	got := send(t, newServer(t, strict), put)
	if got.status != 400 || !strings.HasSuffix(got.message(), "/PMML/Header/@bogus: Header has no attribute bogus [unknown-attribute]") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

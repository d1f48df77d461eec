package deploy_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/handoff-pmml/handoff/evaluator"
	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// TestLongTexts sends texts without measure: what is written down is short, still text, and says that it was cut.
func TestLongTexts(t *testing.T) {
	for _, long := range []string{strings.Repeat("x", 1<<20), strings.Repeat("ü", 1<<20), "x" + strings.Repeat("日", 1<<20), strings.Repeat("x\xFF", 1<<20)} {
		by := deploy.By{Actor: long, Reason: long}
		o := deploy.Object{Key: deploy.KeyOf("m"), Version: "1", Metadata: deploy.Metadata{ModelName: long, By: by}}
		at := time.Unix(0, 0)
		tr, _, err := deploy.Next(deploy.Status{Model: deploy.Model{ID: "m"}}, deploy.Uploaded{ID: "1", Object: o, By: by}, deploy.Turn{At: at})
		if err != nil {
			t.Fatal(err)
		}
		r := catalog.Rejection{Message: long, File: long, Field: long, More: 2}
		for range 70 {
			r.Faults = append(r.Faults, evaluator.Fault{Path: long, Message: long})
		}
		s := deploy.Status{Model: tr.Model, Versions: tr.Versions, Deployment: &tr.Deployments[0]}
		tr, _, err = deploy.Next(s, deploy.WasRejected{Rejection: r}, deploy.Turn{At: at})
		if err != nil {
			t.Fatal(err)
		}
		d := tr.Deployments[0]
		if n := len(d.Rejection.Faults); n != 50 || d.Rejection.More != 22 || len(r.Faults) != 70 || len(r.Faults[0].Path) != len(long) {
			t.Errorf("%d faults are left, %d more", n, d.Rejection.More)
		}
		for _, text := range []string{d.By.Actor, d.By.Reason, d.Object.Metadata.ModelName, d.Object.Metadata.By.Reason, tr.Audits[0].Actor,
			tr.Versions[0].Object.Metadata.ModelName, d.Rejection.Message, d.Rejection.Field, d.Rejection.Faults[49].Path, tr.Model.Latest.Message} {
			if len(text) > 8_000 || len(text) < 250 || !utf8.ValidString(text) || !strings.HasSuffix(text, "…") {
				t.Errorf("%.20q became %d bytes", long, len(text))
			}
		}
	}
}

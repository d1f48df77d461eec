package deploy_test

import (
	"context"
	"strings"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
)

// A step is one thing that somebody does.
type step struct {
	put  func(*site)                                                           // with the uploads or the clock, once; nil: nothing
	ask  func(context.Context, *site, deploy.By) (o deploy.Outcome, err error) // of the pipeline, until there is an answer
	file string                                                                // key of the document that ask looks at; empty: somebody waits for an answer
}

// A scenario is a site and what somebody does there.
type scenario struct {
	name   string
	before []step
	open   bool // the last step of before ends in the middle: its deployment is open when the steps begin
	steps  []step
	remote bool     // it is only about what runs outside the process
	also   []string // documents that may answer meanwhile, besides those before and after each step
}

// Documents, by what they do.
var (
	first   = line{coefficient: 2}.String()
	second  = line{coefficient: 3}.String()
	third   = line{coefficient: 4}.String()
	fourth  = line{coefficient: 5}.String()
	checked = line{coefficient: 2, rows: "<row><x>1</x><y>3</y></row>"}.String()
	wrong   = line{coefficient: 2, rows: "<row><x>1</x><y>4</y></row>"}.String()
	renamed = line{coefficient: 2, more: "z"}.String()
	broken  = strings.Replace(first, "</PMML>", "", 1)
)

func upload(document string) step {
	return step{ask: func(ctx context.Context, s *site, by deploy.By) (deploy.Outcome, error) {
		return s.pipeline.Deploy(ctx, "m", strings.NewReader(document), deploy.Metadata{By: by})
	}}
}

func lookAt(key string, put func(*site)) step {
	return step{put: put, file: key, ask: func(ctx context.Context, s *site, _ deploy.By) (deploy.Outcome, error) {
		return s.pipeline.Look(ctx, key, folder)
	}}
}

func drop(key, text string) step {
	return lookAt(key, func(s *site) { s.objects.Drop(key, []byte(text)) })
}

func take(key string) step { return lookAt(key, func(s *site) { s.objects.Take(key) }) }

func rollback(to int) step {
	return step{ask: func(ctx context.Context, s *site, by deploy.By) (deploy.Outcome, error) {
		return s.pipeline.Rollback(ctx, "m", to, by)
	}}
}

func undeploy() step {
	return step{ask: func(ctx context.Context, s *site, by deploy.By) (deploy.Outcome, error) {
		return s.pipeline.Undeploy(ctx, "m", by)
	}}
}

func expire() step {
	return step{put: func(s *site) { s.pass(31 * 24 * time.Hour) }, ask: func(ctx context.Context, s *site, _ deploy.By) (deploy.Outcome, error) {
		return deploy.Outcome{}, s.pipeline.Expire(ctx)
	}}
}

func replacedBy(document string, s step) step {
	put := s.put
	s.put = func(at *site) {
		at.replaced = &document
		put(at)
	}
	return s
}

// A place is where a scenario plays: what runs models does so within the process, or somewhere else.
type place struct {
	scenario
	remote bool
}

// everywhere gives all scenarios by name, in both places.
func everywhere() map[string]place {
	places := map[string]place{}
	for _, sc := range scenarios() {
		places[sc.name+", remote"] = place{sc, true}
		if !sc.remote {
			places[sc.name+", local"] = place{sc, false}
		}
	}
	return places
}

const (
	besideFolder = "models/m.pmml"
	inFolder     = "models/m/model.pmml"
)

func scenarios() []scenario {
	settings := func(text string) step { return drop("models/m/model.json", text) }
	golden := func(text string) step { return drop("models/m/golden.csv", text) }
	return []scenario{
		{name: "first deployment", steps: []step{upload(checked)}},
		{name: "first file", steps: []step{drop(besideFolder, first)}},
		{name: "first deployment with everything beside it",
			before: []step{settings(`{"owner": "o", "keepVersions": 2}`), golden("x,y\n1,3\n"), drop("models/m/baseline.csv", "x\n1\n")},
			steps:  []step{upload(first)}},
		{name: "update", before: []step{upload(first)}, steps: []step{upload(second)}},
		{name: "update of a compressed file", before: []step{upload(first), take(inFolder)}, steps: []step{drop(besideFolder, second)}},
		{name: "rejected document", steps: []step{upload(broken)}},
		{name: "rejected update", before: []step{upload(first)}, steps: []step{upload(broken)}},
		{name: "rejected update by file", before: []step{drop(besideFolder, first)}, steps: []step{drop(besideFolder, broken)}},
		{name: "verification rows that differ", before: []step{upload(first)}, steps: []step{upload(wrong)}},
		{name: "golden rows that differ", before: []step{upload(first), golden("x,y\n1,3\n")}, steps: []step{upload(second)}},
		{name: "change that would break callers", before: []step{upload(first)}, steps: []step{upload(renamed)}},
		{name: "rollback", before: []step{upload(first), upload(second)}, steps: []step{rollback(0)}},
		{name: "rollback to a version", before: []step{upload(first), upload(second), upload(third)}, steps: []step{rollback(1)}},
		{name: "rollback that is refused", before: []step{upload(first)}, steps: []step{rollback(0)}},
		{name: "removal", before: []step{upload(first)}, steps: []step{undeploy()}},
		{name: "removal by file", before: []step{drop(besideFolder, first)}, steps: []step{take(besideFolder)}},
		{name: "removal of what is unknown", steps: []step{undeploy()}},
		{name: "undelete", before: []step{upload(first), upload(second), undeploy()}, steps: []step{rollback(2)}},
		{name: "second file for one model, and its turn", before: []step{drop(inFolder, first)}, steps: []step{drop(besideFolder, second), take(inFolder), lookAt(besideFolder, nil)}, also: []string{second}},
		{name: "settings", before: []step{upload(first)}, steps: []step{settings(`{"owner": "o"}`)}},
		{name: "settings that are wrong", before: []step{upload(first)}, steps: []step{settings(`{"owner": 7}`)}},
		{name: "settings that are gone", before: []step{settings(`{"owner": "o"}`), upload(first)}, steps: []step{take("models/m/model.json")}},
		{name: "settings that are published", before: []step{upload(first)}, steps: []step{settings(`{"memory": 512}`)}},
		{name: "settings that apply at once", before: []step{upload(first)}, steps: []step{settings(`{"tags": {"a": "b"}}`)}},
		{name: "rollback to what is not published any more", before: []step{upload(first), upload(second)}, remote: true,
			steps: []step{{put: (*site).rob, ask: rollback(1).ask}}},
		{name: "file that is replaced while it is read", before: []step{drop(besideFolder, first)},
			steps: []step{replacedBy(third, drop(besideFolder, second)), lookAt(besideFolder, nil)}, also: []string{third}},
		{name: "more versions than are kept", before: []step{upload(first), upload(second), upload(third)}, steps: []step{upload(fourth)}},
		{name: "deleted model that is too old", before: []step{upload(first), upload(second), undeploy()}, steps: []step{expire()}},
		{name: "upload while another one is unfinished", before: []step{upload(first), upload(second)}, open: true,
			steps: []step{upload(third)}, also: []string{second}},
		{name: "two uploads", steps: []step{upload(first), upload(second)}},
		{name: "upload, removal and upload", steps: []step{drop(besideFolder, first), take(besideFolder), drop(besideFolder, second)}},
	}
}

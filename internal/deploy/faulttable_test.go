package deploy_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/deploytest"
)

var update = flag.Bool("update", false, "rewrite docs/deployment-faults.md")

// A faultTable says what became of all faults, by what was going on and what the fault was.
type faultTable struct {
	mu                          sync.Mutex
	scenarios, calls, runs, two int
	methods                     map[string]bool // that were called
	rows                        map[faultRow]*faultCells
}

type faultRow struct {
	label string // what was going on
	part  string // of it
	fault string
}

// faultCells are the things that happened, each in the words of the table.
type faultCells struct{ deployment, serves, person map[string]bool }

func newFaultTable() *faultTable {
	return &faultTable{methods: map[string]bool{}, rows: map[faultRow]*faultCells{}}
}

// played counts a run without faults.
func (f *faultTable) played(usual observation, pairs int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scenarios++
	f.calls += len(usual.calls)
	f.two += pairs
}

const (
	metadata = "metadata"
	work     = "the rest"
)

// add says what became of one fault.
func (f *faultTable) add(usual, o observation, label, call, name string) {
	deployment, serves, person := wordsOfHistory(usual, o), wordsOfServing(usual, o), wordsOfAnswer(o)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs++
	for _, call := range o.calls {
		f.methods[methodOf(call)] = true
	}
	row := faultRow{label, work, name}
	if strings.HasPrefix(call, "Store.") {
		row.part = metadata
	}
	c := f.rows[row]
	if c == nil {
		c = &faultCells{map[string]bool{}, map[string]bool{}, map[string]bool{}}
		f.rows[row] = c
	}
	c.deployment[deployment], c.serves[serves], c.person[person] = true, true, true
}

// wordsOfHistory says what the history has that it does not have without the fault.
func wordsOfHistory(usual, o observation) string {
	count := map[string]int{}
	for _, state := range statesOf(o.site) {
		count[state]++
	}
	for _, state := range statesOf(usual.site) {
		count[state]--
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n <= 0 })
	words := slices.Sorted(maps.Keys(count))
	again := false
	words = slices.DeleteFunc(words, func(w string) bool {
		special := w == string(deploy.Failed) || w == resources
		again = again || !special
		return !special
	})
	switch {
	case len(words) > 0:
		return "is " + strings.Join(words, ", ") + "; ends as usual when it is asked for again"
	case again:
		return asUsualAgain
	}
	return asUsual
}

const (
	asUsual      = "ends as usual"
	asUsualAgain = "ends as usual; an upload that is sent again is there again"
)

const resources = "REJECTED (resources)"

func statesOf(s *site) []string {
	ctx, store := context.Background(), s.quietly()
	deployments, _ := store.Deployments(ctx, "m", "", 1000) // of a store that cannot fail
	var states []string
	for _, d := range deployments {
		state := string(d.State)
		if d.Rejection != nil && d.Rejection.Code == "resources" {
			state = resources
		}
		states = append(states, state)
	}
	return states
}

// wordsOfServing says what answers when the fault has happened and nothing was mended: after a crash, when the next
// process begins.
func wordsOfServing(usual, o observation) string {
	switch {
	case o.hit < 0, maps.Equal(usual.running[o.hit], usual.running[o.hit+1]) && maps.Equal(o.serving, usual.running[o.hit]):
		return "what is live"
	case maps.Equal(o.serving, usual.running[o.hit]):
		return "what was live"
	case maps.Equal(o.serving, usual.running[o.hit+1]):
		return "what was asked for"
	}
	return "what was asked for next"
}

func wordsOfAnswer(o observation) string {
	switch {
	case o.hit < 0:
		return "nothing"
	case o.failed:
		return "FAILED, and why"
	case o.first == nil, answered(o.first):
		return "the usual answer"
	case errors.Is(o.first, deploytest.ErrCrashed):
		return "no answer"
	}
	return "an error"
}

// effectsOf gives the kinds of effects that event.go declares, with what is said about them.
func effectsOf(t *testing.T) (names []string, says map[string]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	says = map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			says[n.Name.Name] = strings.Join(strings.Fields(n.Doc.Text()), " ")
		case *ast.FuncDecl:
			if n.Name.Name == "effect" && n.Recv != nil {
				names = append(names, n.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
		return true
	})
	return names, says
}

// everyEffect fails for an effect that no scenario lets fail in all ways.
func (f *faultTable) everyEffect(t *testing.T) {
	t.Helper()
	names, _ := effectsOf(t)
	if len(names) == 0 {
		t.Fatal("event.go declares no effects")
	}
	for _, name := range names {
		for _, part := range []string{work, metadata} {
			for _, s := range singles {
				if f.rows[faultRow{name, part, s.name}] == nil {
					t.Errorf("no scenario has %q for the effect %s, %s", s.name, name, part)
				}
			}
		}
	}
	names = append(names, request, afterwards)
	for row := range f.rows {
		if !slices.Contains(names, row.label) {
			t.Errorf("%s is no effect of event.go", row.label)
		}
	}
}

// reads are the calls of a Store that only those use who read the history.
var reads = []string{"Store.Versions", "Store.Deployment", "Store.Deployments", "Store.Audits"}

// everyCall fails for a method of what a Pipeline stands on that no scenario calls.
func (f *faultTable) everyCall(t *testing.T) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "ports.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	methods := []string{"Compile"}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if port, ok := spec.Type.(*ast.InterfaceType); ok && spec.Name.Name != "Body" {
			for _, m := range port.Methods.List {
				methods = append(methods, spec.Name.Name+"."+m.Names[0].Name)
			}
		}
		return false
	})
	for _, m := range methods {
		if f.methods[m] == slices.Contains(reads, m) {
			t.Errorf("%s is called by a scenario: %v", m, f.methods[m])
		}
	}
}

// compare holds the table against the file, or writes it.
func (f *faultTable) compare(t *testing.T, path string) {
	t.Helper()
	text := f.text(t)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(string(old), text); d != "" {
		t.Errorf("the file is not what the run gives: run this test with -update (-file +run):\n%s", d)
	}
}

func (f *faultTable) text(t *testing.T) string {
	names, says := effectsOf(t)
	says[request] = "What happens before the first of a deployment's effects: the upload is received and put under its key, the " +
		"key is looked at, the request is written down. After the last effect, there is nothing left to do."
	says[afterwards] = "What a server does from time to time: it goes on with what is unfinished and looks at all keys."
	var b strings.Builder
	fmt.Fprintf(&b, faultsHead, f.scenarios, f.calls, f.runs, f.two)
	for _, label := range append(append([]string{request}, names...), afterwards) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", strings.ToUpper(label[:1])+label[1:], says[label])
		b.WriteString("| What fails | How | The deployment | What answers | A person sees |\n|---|---|---|---|---|\n")
		for _, part := range []string{work, metadata} {
			for _, s := range singles {
				if c := f.rows[faultRow{label, part, s.name}]; c != nil {
					fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", part, s.name, either(c.deployment), either(c.serves), either(c.person))
				}
			}
		}
	}
	return b.String()
}

// either gives the things that happened. One that says less than another is not worth a mention.
func either(words map[string]bool) string {
	if len(words) > 1 {
		delete(words, "what is live") // nothing was to change
	}
	if words[asUsualAgain] {
		delete(words, asUsual)
	}
	return strings.Join(slices.SortedFunc(maps.Keys(words), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	}), ", or: ")
}

const faultsHead = `# What becomes of a deployment when something fails

This file is written by a test (` + "`go test ./internal/deploy -run TestCrash -update`" + `), which fails if it is not what
the test finds.

The test plays %d scenarios, nearly each of which is there twice, since what runs models does so within the process
(` + "`handoff serve`" + `) or outlives it (functions of Lambda): deployments, updates, rejections, rollbacks, removals, files that are replaced while they are
read, and so on, by API and by file. Without faults they make %d calls of the database, the uploads, the files of versions,
the compiler, and what runs the models. Each of them fails once, fails until somebody has mended what is the matter (as do
all later ones of its kind: the disk is full), both also although it is done, and is the last one before and after which the
process is killed, once or three times: %d runs. Then any two calls fail, or are the last ones of a process, the second
also being one of those that make up for the first: %d pairs, of which all are played where what runs outlives the process,
and every tenth where it does not. A crash is tried once for all calls that find the same on the
disks and after which the same was answered.

After a crash a new process begins: it runs what the database says is live if nothing does, goes on with what is unfinished, and looks at all
keys. After an error the server does the same some time later. Whoever got no answer, or an error, asks again. This holds
then, in all runs:

- Whenever a process begins, and whenever somebody has got an answer, what answers requests is what was acknowledged last, or
  something newer that was asked for. It never is half a version, or parts of two.
- At the end, the same is live as without the fault, the database, the files and what runs agree, nothing is left
  unfinished, and no file, and nothing that is published, is an orphan or missing. Were the database lost then, the files would tell the same.
- With one or two faults that do not last, also the history is the same, version by version, but for requests that were
  made again: an upload that was put twice is there twice.
- What was given up (FAILED, or REJECTED because the process ended three times over one document) is asked for again by who
  wants it: an upload is sent again, a file laid there again. A removal that has failed is tried again by itself, since
  the file is still gone.

Ask for a rollback by the number of the version if you may ask again: without a number, "the one before" may be another one
the second time.

"What answers" is said of the moment after the fault, before anything has made up for it; after a crash, of the moment at
which the next process begins. "Metadata" is the database, "the rest" everything else that is called.
`

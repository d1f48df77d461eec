package stagetest_test

import (
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/stagetest"
)

// A scene is something that happens on a stage where a good version of iris has been live, or two.
type scene struct {
	name   string
	before func(w *world)
	act    func(w *world) (told bool) // told: whoever asked for it was told that it is done
	after  int                        // slope that answers then
	or     int                        // slope that answers if it was not done; nobody may be told that it was
	again  func(w *world)             // asks once more for what was not done
}

func deployed(slopes ...int) func(w *world) {
	return func(w *world) {
		for _, slope := range slopes {
			w.drop(key("iris"), document(slope))
			w.settle()
		}
	}
}

// dropped lets something lie in the bucket: S3 tells until it is heard.
func dropped(text string) func(w *world) bool {
	return func(w *world) bool {
		w.drop(key("iris"), text)
		w.settle()
		return true
	}
}

func asked(method, path, body string) func(w *world) bool {
	return func(w *world) bool {
		status, _ := w.send(method, path, body)
		return status < 300
	}
}

var scenes = []scene{
	{name: "a first upload", before: deployed(), act: dropped(document(1)), after: 1},
	{name: "another version", before: deployed(1), act: dropped(document(2)), after: 2},
	{name: "a version that lets an old one go", before: deployed(1, 2, 3), act: dropped(document(4)), after: 4},
	{name: "a wrong document", before: deployed(1), act: dropped("<PMML"), after: 1},
	{name: "a removed object", before: deployed(1), act: dropped(""), after: 0},
	{name: "PUT", before: deployed(1), act: asked("PUT", "/model/iris", document(2)), after: 2, or: 1},
	{name: "a rollback", before: deployed(1, 2), act: asked("POST", "/model/iris/rollback", `{"version":1}`), after: 1, or: 2,
		again: func(w *world) { w.send("POST", "/model/iris/rollback", `{"version":1}`) }},
	{name: "an undelete", before: func(w *world) { deployed(1, 2)(w); w.drop(key("iris"), ""); w.settle() },
		act: asked("POST", "/model/iris/rollback", `{"version":1}`), after: 1, or: 0,
		again: func(w *world) { w.send("POST", "/model/iris/rollback", `{"version":1}`) }},
	{name: "DELETE", before: deployed(1), act: asked("DELETE", "/model/iris", ""), after: 0, or: 1,
		again: func(w *world) { w.send("DELETE", "/model/iris", "") }},
}

var fates = map[awstest.Fate]string{awstest.Throttle: "is throttled", awstest.Fail: "fails", awstest.Lost: "loses its answer",
	awstest.Before: "is never made, the process ends", awstest.After: "is the last of its process"}

// Whatever becomes of any one call of functions/deploy, what was asked for is done in the end, or is not and nobody was told
// that it is; nothing is orphaned, and a good version answers.
func TestAnyOneCallMayFail(t *testing.T) {
	for _, s := range scenes {
		for fate, what := range fates {
			t.Run(s.name+", a call "+what, func(t *testing.T) {
				t.Parallel()
				for n := 0; ; n++ {
					if testing.Short() && n%17 != 0 {
						continue
					}
					if !s.play(t, n, fate) {
						break
					}
				}
			})
		}
	}
}

// play plays a scene in which the nth call of functions/deploy has a fate; false: there are fewer calls.
func (s scene) play(t *testing.T, n int, fate awstest.Fate) bool {
	t.Helper()
	w := newWorld(t, stagetest.Config{Seed: uint64(n)})
	s.before(w)
	count, met := 0, ""
	w.Decide(func(c stagetest.Call) awstest.Fate {
		if c.Function != "deploy" {
			return awstest.Pass
		}
		count++
		if count-1 == n {
			met = c.Name
			return fate
		}
		return awstest.Pass
	})
	told := s.act(w)
	w.Decide(nil)
	if met == "" {
		return false
	}
	w.settle()
	if got := w.slope("iris"); got != s.after && (told || got != s.or || s.or == 0 && s.again == nil) {
		t.Errorf("call %d, %s: %d answers, want %d; who asked was told that it is done: %v\n%s", n, met, got, s.after, told, strings.Join(w.history("iris"), "\n"))
	} else if got != s.after && s.again != nil {
		s.again(w)
	} else if got != s.after {
		return !t.Failed()
	}
	w.serves(map[string]int{"iris": s.after})
	w.dead(0)
	if t.Failed() {
		t.Logf("it was call %d, %s", n, met)
	}
	return !t.Failed()
}

package stagetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/stagetest"
)

// At each call of functions/deploy something else may happen that concerns the model, in another environment.
func TestAnythingMayHappenMeanwhile(t *testing.T) { meanwhile(t, awstest.Pass) }

// And that call may be the last of its process.
func TestAnythingMayHappenMeanwhileAndTheProcessEnds(t *testing.T) { meanwhile(t, awstest.After) }

func meanwhile(t *testing.T, fate awstest.Fate) {
	type happening struct {
		name  string
		act   func(w *world) int // status of an answer; 0: nobody was told anything
		slope func(status int, history []string) map[int]bool
	}
	always := func(slopes ...int) func(int, []string) map[int]bool {
		allowed := map[int]bool{}
		for _, s := range slopes {
			allowed[s] = true
		}
		return func(int, []string) map[int]bool { return allowed }
	}
	heard := func(key, text string) func(w *world) int {
		return func(w *world) int {
			w.drop(key, text)
			w.Poll(w.t.Context()) //nolint:errcheck // it comes again
			return 0
		}
	}
	call := func(method, path, body string) func(w *world) int {
		return func(w *world) int {
			status, _ := w.send(method, path, body)
			return status
		}
	}
	// If it was done and is the last that began, it holds.
	ifDone := func(kind string, done int, not ...int) func(int, []string) map[int]bool {
		return func(status int, history []string) map[int]bool {
			if status < 300 && strings.HasPrefix(history[len(history)-1], kind) {
				return map[int]bool{done: true}
			}
			return always(append(not, done)...)(0, nil)
		}
	}
	for _, base := range []struct {
		name  string
		start func(w *world)
		do    func(w *world)
		left  int // slope if nothing else happens
	}{
		{"while a version is deployed", deployed(1, 2), func(w *world) { w.drop(key("iris"), document(3)) }, 3},
		{"while a model is removed", deployed(1, 2), func(w *world) { w.drop(key("iris"), "") }, 0},
	} {
		for _, h := range []happening{
			{"the same event comes again", func(w *world) int {
				w.Queue.Send(eventOf(key("iris")))
				w.Poll(w.t.Context()) //nolint:errcheck // it comes again
				return 0
			}, always(base.left)},
			{"another version is put", heard(key("iris"), document(4)), always(4)},
			{"the object is removed", heard(key("iris"), ""), always(0)},
			{"a document under another key", heard("models/iris.pmml", document(5)), always(base.left, 5)},
			{"a wrong document is put", heard(key("iris"), "<PMML"), always(2, 3, 0)},
			{"PUT", call("PUT", "/model/iris", document(6)), ifDone("UPLOAD LIVE 4", 6, 0, 2, 3)},
			{"DELETE", call("DELETE", "/model/iris", ""), always(0)},
			{"a rollback", call("POST", "/model/iris/rollback", `{"version":1}`), ifDone("ROLLBACK LIVE", 1, base.left)},
			{"the schedule", func(w *world) int {
				w.Schedule(w.t.Context()) //nolint:errcheck // it comes again
				return 0
			}, always(base.left)},
		} {
			t.Run(base.name+", "+h.name, func(t *testing.T) {
				t.Parallel()
				for n := 0; ; n++ {
					if testing.Short() && n%17 != 0 {
						continue
					}
					w := newWorld(t, stagetest.Config{Seed: uint64(n)})
					base.start(w)
					count, met, status := 0, "", 0
					w.Decide(func(c stagetest.Call) awstest.Fate {
						if c.Function != "deploy" {
							return awstest.Pass
						}
						if count++; count-1 == n {
							met = c.Name
							status = h.act(w)
							return fate
						}
						return awstest.Pass
					})
					base.do(w)
					w.settle()
					w.Decide(nil)
					if met == "" {
						return
					}
					got := w.slope("iris")
					if !h.slope(status, w.history("iris"))[got] {
						t.Errorf("%d answers, and %d was the answer to what happened\n%s", got, status, strings.Join(w.history("iris"), "\n"))
					}
					w.serves(map[string]int{"iris": got})
					w.dead(0)
					if t.Failed() {
						t.Fatalf("it happened before call %d, %s", n, met)
					}
				}
			})
		}
	}
}

// Who removes a model is told that it is gone, also if S3's own word of that is heard first.
func TestRemovalThatIsHeardOfTwice(t *testing.T) {
	for n := 0; ; n++ {
		w := newWorld(t, stagetest.Config{})
		deployed(1)(w)
		count, met := 0, ""
		w.Decide(func(c stagetest.Call) awstest.Fate {
			if count++; c.Function == "deploy" && count-1 == n {
				met = c.Name
				w.Poll(t.Context()) //nolint:errcheck // it comes again
			}
			return awstest.Pass
		})
		status, text := w.send("DELETE", "/model/iris", "")
		w.Decide(nil)
		if count <= n {
			return
		}
		if status != 200 {
			t.Errorf("S3's event was heard before call %d, %s: %d %s", n, met, status, text)
		}
		w.serves(map[string]int{"iris": 0})
		w.tells("iris", "UPLOAD LIVE 1", "REMOVAL DELETED 0")
	}
}

// eventOf is S3's event of an upload under a key.
func eventOf(key string) string {
	return fmt.Sprintf(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","userIdentity":{"principalId":"ada"},`+
		`"s3":{"bucket":{"name":"handoff-test-uploads"},"object":{"key":%q}}}]}`, key)
}

package stagetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/stagetest"
)

// Events come twice, late and in any order: what lies in the bucket in the end is what answers.
func TestEventsInAnyOrder(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, stagetest.Config{Seed: seed, Reorder: true, Duplicates: .3, Delay: 3 * time.Minute})
			random := rand.New(rand.NewPCG(seed, 3))
			want := map[string]int{}
			for i := range 20 {
				id, slope := fmt.Sprint("m", random.IntN(3)), i+1
				if random.IntN(4) == 0 {
					slope = 0
				}
				if want[id] = slope; slope == 0 {
					w.drop(key(id), "")
				} else {
					w.drop(key(id), document(slope))
				}
				if random.IntN(3) == 0 {
					w.Advance(time.Minute)
					w.Poll(t.Context()) //nolint:errcheck // it comes again
				}
			}
			w.serves(want)
			w.dead(0)
		})
	}
}

// Of all calls, some are throttled, fail, are slow, lose their answers or are the last of their process.
func TestBadWeather(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, stagetest.Config{Seed: seed, Reorder: true, Duplicates: .2, Delay: time.Minute})
			w.drop(key("iris"), document(1))
			w.settle()
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 4))
			w.Decide(func(stagetest.Call) awstest.Fate {
				mu.Lock()
				defer mu.Unlock()
				switch n := random.IntN(1000); {
				case n < 30:
					return awstest.Throttle
				case n < 50:
					return awstest.Fail
				case n < 60:
					return awstest.Lost
				case n < 65:
					return awstest.Before
				case n < 70:
					return awstest.After
				case n < 80:
					w.Advance(20 * time.Second) // it is slow
				}
				return awstest.Pass
			})
			for slope := 2; slope <= 6; slope++ {
				w.drop(key("iris"), document(slope))
				for range random.IntN(20) {
					w.Advance(time.Minute)
					w.Poll(t.Context())     //nolint:errcheck // it comes again
					w.Schedule(t.Context()) //nolint:errcheck // so does this
				}
			}
			w.Decide(nil)
			w.settle()
			last, answers := w.history("iris"), w.slope("iris")
			if failed := strings.HasPrefix(last[len(last)-1], "UPLOAD FAILED"); !failed && answers != 6 || answers < 1 {
				t.Errorf("%d answers\n%s", answers, strings.Join(last, "\n"))
			}
			w.serves(map[string]int{"iris": answers})
			w.drop(key("iris"), document(7))
			w.serves(map[string]int{"iris": 7})
		})
	}
}

func TestTwoUploadsInOneSecond(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	w.drop(key("iris"), document(1))
	w.drop(key("iris"), document(2))
	w.serves(map[string]int{"iris": 2})
	w.tells("iris", "UPLOAD LIVE 1")
	w.drop(key("iris"), document(3))
	if _, err := w.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.drop(key("iris"), document(3)) // the same bytes are another upload
	w.drop(key("iris"), document(4))
	w.serves(map[string]int{"iris": 4})
	w.tells("iris", "UPLOAD LIVE 1", "UPLOAD LIVE 2", "UPLOAD LIVE 3")
}

func TestTwoKeysForOneModel(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	w.drop("models/iris.pmml", document(1))
	w.drop(key("iris"), document(2))
	w.serves(map[string]int{"iris": 1})
	w.tells("iris", "UPLOAD LIVE 1", "UPLOAD REJECTED 0: the model belongs to models/iris.pmml…")
	w.drop(key("iris"), "")
	w.serves(map[string]int{"iris": 1})
	w.want(http.StatusOK, "PUT", "/model/iris", document(3)) // under the key that it belongs to
	w.serves(map[string]int{"iris": 3})
	w.drop("models/iris.pmml", "")
	w.serves(map[string]int{"iris": 0})
	w.drop(key("iris"), document(4))
	w.serves(map[string]int{"iris": 4})
}

func TestAnEventThatIsLost(t *testing.T) {
	w := newWorld(t, stagetest.Config{Loss: 1})
	text := w.want(http.StatusAccepted, "PUT", "/model/iris", document(1))
	if !strings.Contains(text, `"object.version"`) {
		t.Errorf("the answer is %s", text)
	}
	w.serves(map[string]int{"iris": 0})
	w.Loss = 0
	w.drop(key("iris"), document(2))
	w.serves(map[string]int{"iris": 2})
}

func TestAFunctionThatNeverBecomesActive(t *testing.T) {
	for settled, why := range map[awstest.Settled]string{awstest.NeverSettles: "waited 1m0s in vain", awstest.FailsToSettle: "Lambda could not"} {
		w := newWorld(t, stagetest.Config{})
		w.drop(key("iris"), document(1))
		w.settle()
		w.Lambda.Set(func(c *awstest.LambdaConfig) {
			c.Settle = func(string, string) awstest.Settled { return settled }
		})
		w.drop(key("iris"), document(2))
		w.drop(key("new"), document(3))
		w.settle()
		w.Lambda.Set(func(c *awstest.LambdaConfig) { c.Settle = nil })
		w.serves(map[string]int{"iris": 1, "new": 0})
		for id, number := range map[string]int{"iris": 2, "new": 1} {
			last := w.history(id)
			if got := last[len(last)-1]; !strings.HasPrefix(got, fmt.Sprintf("UPLOAD FAILED %d", number)) || !strings.Contains(got, why) {
				t.Errorf("%s: %s", id, got)
			}
		}
		w.drop(key("iris"), document(4))
		w.drop(key("new"), document(5))
		w.serves(map[string]int{"iris": 4, "new": 5})
		w.dead(0)
	}
}

func TestWhatDoesNotVerify(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	w.drop(key("iris"), document(1))
	w.settle()
	w.drop(key("iris"), lineOf(2, 3))
	w.serves(map[string]int{"iris": 1})
	w.tells("iris", "UPLOAD LIVE 1", "UPLOAD REJECTED 2: …")
	w.drop("models/iris/golden.csv", "x,y\n1,4\n")
	w.drop(key("iris"), document(2)) // 1 + 2, says the document
	w.serves(map[string]int{"iris": 1})
	w.drop("models/iris/golden.csv", "x,y\n1,3\n")
	w.serves(map[string]int{"iris": 2})
}

// A version that answers otherwise where it runs, crashes there or never answers does not go live.
func TestSmoke(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*awstest.LambdaConfig)
		why    string
	}{
		{"answers otherwise", func(c *awstest.LambdaConfig) {
			c.Start = func(files map[string][]byte, getenv func(string) string) (awstest.Answer, error) {
				answer, err := awstest.StartScore(files, getenv)
				return func(ctx context.Context, payload []byte) ([]byte, error) {
					text, err := answer(ctx, payload)
					return []byte(strings.ReplaceAll(string(text), "21", "22")), err
				}, err
			}
		}, "answers otherwise where it runs"},
		{"crashes", func(c *awstest.LambdaConfig) {
			c.Crash = func(string, string) string { return "RequestId: 1 Error: Runtime exited with error: signal: killed" }
		}, "signal: killed"},
		{"stalls", func(c *awstest.LambdaConfig) {
			c.Crash = func(string, string) string { return "2100-01-01T00:00:30.000Z 1 Task timed out after 30.00 seconds" }
		}, "Task timed out"},
		{"cannot start", func(c *awstest.LambdaConfig) {
			c.Start = func(map[string][]byte, func(string) string) (awstest.Answer, error) {
				return nil, fmt.Errorf("no bootstrap")
			}
		}, "does not answer where it runs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, stagetest.Config{})
			w.drop(key("iris"), document(1))
			w.settle()
			w.Lambda.Set(test.change)
			status, text := w.send("PUT", "/model/iris", document(2))
			if status != http.StatusBadRequest || !strings.Contains(text, test.why) {
				t.Errorf("%d %s", status, text)
			}
			w.Lambda.Set(func(c *awstest.LambdaConfig) { c.Start, c.Crash = awstest.StartScore, nil })
			w.serves(map[string]int{"iris": 1})
			w.tells("iris", "UPLOAD LIVE 1", "UPLOAD REJECTED 2: the version …")
			w.want(http.StatusOK, "PUT", "/model/iris", document(3))
			w.serves(map[string]int{"iris": 3})
		})
	}
}

// A document with which the process ends while it compiles: nobody else is troubled, and after the third time it is
// rejected.
func TestADocumentThatKillsTheCompiler(t *testing.T) {
	for times, want := range map[int]string{1: "UPLOAD LIVE 2", 2: "UPLOAD LIVE 2", 3: "UPLOAD REJECTED 2: the process ended 3 times while it compiled or verified the document"} {
		w := newWorld(t, stagetest.Config{})
		w.drop(key("iris"), document(1))
		w.settle()
		ended := 0
		w.BeforeCompiling(func(process *awstest.Line) error {
			if ended++; ended > times {
				return nil
			}
			process.End()
			return awstest.ErrEnded
		})
		w.drop(key("iris"), document(2))
		begun := w.Now()
		if _, err := w.Poll(t.Context()); err == nil {
			t.Fatal("the process has not ended")
		}
		if err := w.Schedule(t.Context()); err != nil || ended != 1 {
			t.Errorf("somebody took the deployment of a process whose time is not over: %d ends, %v", ended, err)
		}
		w.settle()
		w.BeforeCompiling(nil)
		w.tells("iris", "UPLOAD LIVE 1", want)
		slope := 2
		if times == 3 {
			slope = 1
		}
		w.serves(map[string]int{"iris": slope})
		w.drop(key("iris"), document(3))
		w.serves(map[string]int{"iris": 3})
		w.dead(0)
		t.Logf("it ended %d times, and was over %v after the upload", times, w.Now().Sub(begun).Round(time.Minute))
	}
}

func TestAPoisonedBatch(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	w.Queue.Send(`{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"handoff-test-uploads"},"object":{"key":"models/%zz.pmml"}}}]}`)
	w.Queue.Send(`not even JSON`)
	want := map[string]int{}
	for i := range 7 {
		id := fmt.Sprint("m", i)
		w.drop(key(id), document(i+1))
		want[id] = i + 1
	}
	w.drop(key("wrong"), "<PMML")
	want["wrong"] = 0
	if _, err := w.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.slope("m0"); got != 1 {
		t.Errorf("m0 waits for what is wrong: %d", got)
	}
	w.serves(want)
	w.dead(2)
}

// Undoing takes no request away from anybody.
func TestRollbackWhileOthersScore(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	for slope := 1; slope <= 2; slope++ {
		w.want([]int{http.StatusCreated, http.StatusOK}[slope-1], "PUT", "/model/iris", document(slope))
	}
	var (
		scorers         sync.WaitGroup
		over            atomic.Bool
		answered, wrong atomic.Int64
	)
	for range 4 {
		scorers.Go(func() {
			for !over.Load() {
				status, text := w.send("POST", "/model/iris", `{"id":"1","arguments":{"x":10}}`)
				var answer struct{ Results struct{ Y float64 } }
				if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK || answer.Results.Y != 11 && answer.Results.Y != 21 {
					wrong.Add(1)
					t.Errorf("%d %s", status, text)
				}
				answered.Add(1)
			}
		})
	}
	var took []time.Duration
	for i := range 20 {
		begun := time.Now()
		w.want(http.StatusOK, "POST", "/model/iris/rollback", fmt.Sprintf(`{"version":%d}`, 1+i%2))
		took = append(took, time.Since(begun))
		if got := w.slope("iris"); got != 1+i%2 {
			t.Fatalf("%d answers after the rollback to %d", got, 1+i%2)
		}
	}
	over.Store(true)
	scorers.Wait()
	slices.Sort(took)
	t.Logf("%d requests were answered during 20 rollbacks, %d failed; a rollback took %v (median), %v at most", answered.Load(), wrong.Load(),
		took[len(took)/2].Round(time.Microsecond), took[len(took)-1].Round(time.Microsecond))
	w.serves(map[string]int{"iris": 2})
}

// Several environments work on several models, and on the same, at one time.
func TestEnvironmentsTogether(t *testing.T) {
	w := newWorld(t, stagetest.Config{Reorder: true, Duplicates: .5})
	want := map[string]int{}
	for i := range 12 {
		id := fmt.Sprint("m", i%4)
		want[id] = i + 1
		w.drop(key(id), document(i+1))
		var polls sync.WaitGroup
		for range 3 {
			polls.Go(func() {
				w.Poll(context.WithoutCancel(t.Context())) //nolint:errcheck // it comes again
			})
		}
		polls.Wait()
	}
	w.serves(want)
	w.dead(0)
}

// A deleted model comes back for a month, and then what is left of it goes.
func TestWhatWasDeletedExpires(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	deployed(1, 2)(w)
	w.want(http.StatusOK, "DELETE", "/model/iris", "")
	w.Advance(29 * 24 * time.Hour)
	w.serves(map[string]int{"iris": 0})
	w.want(http.StatusOK, "POST", "/model/iris/rollback", "{}")
	w.serves(map[string]int{"iris": 2})
	w.want(http.StatusOK, "DELETE", "/model/iris", "")
	w.Advance(31 * 24 * time.Hour)
	w.serves(map[string]int{"iris": 0})
	for _, key := range w.Files.Keys() {
		t.Errorf("%s is left", key)
	}
	status, _ := w.send("POST", "/model/iris/rollback", "{}")
	if status < 400 {
		t.Errorf("it came back: %d", status)
	}
	w.drop(key("iris"), document(3))
	w.serves(map[string]int{"iris": 3})
}

// Settings are applied to the function.
func TestSettings(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	w.drop("models/iris/model.json", `{"memory":512,"timeout":9,"reservedConcurrency":7,"tags":{"team":"credit"}}`)
	w.drop(key("iris"), document(1))
	w.serves(map[string]int{"iris": 1})
	f, _ := w.Lambda.Function(functionOf("iris"))
	if *f.Latest.MemorySize != 512 || *f.Latest.Timeout != 9 || f.Reserved != 7 || f.Tags["team"] != "credit" {
		t.Errorf("%+v", f)
	}
	w.drop("models/iris/model.json", `{"memory":1024}`)
	w.serves(map[string]int{"iris": 1})
	f, _ = w.Lambda.Function(functionOf("iris"))
	if f.Reserved != -1 || len(f.Tags) != 2 {
		t.Errorf("%+v", f)
	}
}

// Settings that no account can give change nothing, and keep nobody from going back.
func TestSettingsThatCannotBe(t *testing.T) {
	w := newWorld(t, stagetest.Config{})
	w.drop("models/iris/model.json", `{"reservedConcurrency":7}`)
	deployed(1, 2)(w)
	w.drop("models/iris/model.json", `{"reservedConcurrency":2000}`)
	w.serves(map[string]int{"iris": 2})
	last := w.history("iris")
	if got := last[len(last)-1]; !strings.HasPrefix(got, "SETTINGS FAILED 2: ") || !strings.Contains(got, "2000 concurrent executions") {
		t.Errorf("%s", got)
	}
	w.want(http.StatusOK, "POST", "/model/iris/rollback", "{}")
	w.serves(map[string]int{"iris": 1})
	w.drop("models/iris/model.json", `{"memory":1024}`)
	w.serves(map[string]int{"iris": 1})
	if f, _ := w.Lambda.Function(functionOf("iris")); f.Reserved != -1 || *f.Latest.MemorySize != 1024 {
		t.Errorf("%+v", f)
	}
}

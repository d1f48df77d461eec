// Command kill starts a server, changes its models by HTTP and by files, and kills it (-9) at random moments, again and
// again. After each restart what the server says and does must follow from what it has acknowledged: nothing lost, nothing
// half done, no answer mixed from two documents.
//
//	go build -o bin/handoff ./cmd/handoff && go run ./scripts/kill -server bin/handoff -kills 1000 -seeds 20
//
// A seed decides what is done and when the server is killed, as far as the machine keeps the time.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

func main() {
	server := flag.String("server", "bin/handoff", "`file` of the server")
	kills := flag.Int("kills", 1000, "how often it is killed")
	seeds := flag.Int("seeds", 20, "how many data folders that is spread over, each with a seed of its own")
	first := flag.Int64("seed", time.Now().UnixNano()%1_000_000, "the first seed")
	parallel := flag.Int("parallel", 6, "how many at a time")
	dir := flag.String("dir", scratchDir(), "`folder` for the data folders")
	restart := flag.Int("restart", 0, "kill nothing, and measure instead how long a start with so many `models` takes")
	flag.Parse()
	if *restart > 0 {
		if err := measureRestart(config{server: *server, dir: *dir}, *restart, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	t := runAll(config{server: *server, dir: *dir, wanted: max(1, *kills / *seeds)}, *first, *seeds, *parallel, os.Stdout)
	if !t.print(os.Stdout) {
		os.Exit(1)
	}
}

// scratchDir is in memory where that is possible: a killed process leaves the page cache alone, so that the disk is not
// what is tested, and more happens between two kills.
func scratchDir() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// A config says how one seed is run.
type config struct {
	server, dir string
	wanted      int                     // kills
	sabotage    func(data string) error // done after each kill; nil: nothing
}

// runAll runs seeds in parallel and gives what came of all.
func runAll(c config, first int64, seeds, parallel int, out io.Writer) *totals {
	all := &totals{}
	var running sync.WaitGroup
	free := make(chan struct{}, parallel)
	for i := range seeds {
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			seed := first + int64(i)
			begin := time.Now()
			t := runSeed(c, seed)
			all.add(t)
			all.mu.Lock()
			defer all.mu.Unlock()
			fmt.Fprintf(out, "seed %d: %d kills, %d acknowledged, %d faults, %.0f s\n", seed, t.kills, t.acknowledged, len(t.faults), time.Since(begin).Seconds())
			for _, f := range t.faults {
				fmt.Fprintf(out, "  %s\n", f)
			}
		})
	}
	running.Wait()
	return all
}

// A fault is something that must not happen.
type fault struct{ kind, text string }

func (f fault) String() string { return f.kind + ": " + f.text }

// The kinds of faults.
const (
	lost    = "lost"    // what was acknowledged is not there, or what was removed is
	half    = "half"    // something is neither done nor undone
	mixed   = "mixed"   // an answer does not belong to exactly one document
	history = "history" // the history does not say what happened
	failure = "failure" // the server did not do what it should, or did not start
)

// totals are what came of seeds.
type totals struct {
	mu                                   sync.Mutex
	kills, early                         int
	acknowledged, unanswered, observed   int
	quiet                                int
	dropped, slowly, removed, undeployed int
	restarts                             []time.Duration
	faults                               []fault
}

func (t *totals) add(o *totals) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kills += o.kills
	t.early += o.early
	t.acknowledged += o.acknowledged
	t.unanswered += o.unanswered
	t.observed += o.observed
	t.quiet += o.quiet
	t.dropped += o.dropped
	t.slowly += o.slowly
	t.removed += o.removed
	t.undeployed += o.undeployed
	t.restarts = append(t.restarts, o.restarts...)
	t.faults = append(t.faults, o.faults...)
}

// count changes a counter that several goroutines share.
func (t *totals) count(counter *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*counter++
}

// most is how many faults of one seed are kept.
const most = 20

func (t *totals) fault(kind, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.faults) < most {
		t.faults = append(t.faults, fault{kind, fmt.Sprintf(format, args...)})
	}
}

// print prints the totals and says whether all is well.
func (t *totals) print(out io.Writer) bool {
	byKind := map[string]int{}
	for _, f := range t.faults {
		byKind[f.kind]++
	}
	fmt.Fprintf(out, "kills %d, of them %d during the start; requests acknowledged %d (%d of them removals), cut off by a kill %d\n",
		t.kills, t.early, t.acknowledged, t.undeployed, t.unanswered)
	fmt.Fprintf(out, "files dropped %d, written slowly %d, removed %d; models looked at %d times, their histories %d times\n",
		t.dropped, t.slowly, t.removed, t.observed, t.quiet)
	fmt.Fprintf(out, "lost %d, half %d, mixed %d, history %d, failure %d\n", byKind[lost], byKind[half], byKind[mixed], byKind[history], byKind[failure])
	if n := len(t.restarts); n > 0 {
		slices.Sort(t.restarts)
		fmt.Fprintf(out, "from start to ready: min %d ms, median %d ms, max %d ms\n",
			t.restarts[0].Milliseconds(), t.restarts[n/2].Milliseconds(), t.restarts[n-1].Milliseconds())
	}
	return len(t.faults) == 0
}

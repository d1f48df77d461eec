// Package stagetest has a whole stage in memory: buckets, queue, table and functions as the template has them, wired as
// functions/api and functions/deploy are. Events of API Gateway go in at Front; what is put into the bucket of uploads comes
// to functions/deploy by the queue; models run in functions of their own. A test may let any call of AWS fail, and any
// process end.
package stagetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"
	"github.com/handoff-pmml/handoff/evaluator/compile"
	"github.com/handoff-pmml/handoff/internal/aws/awstest"
	"github.com/handoff-pmml/handoff/internal/aws/command"
	"github.com/handoff-pmml/handoff/internal/aws/dynamodb"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/aws/lambda"
	"github.com/handoff-pmml/handoff/internal/aws/s3"
	"github.com/handoff-pmml/handoff/internal/aws/uploads"
	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/deploy/settings"
	"github.com/handoff-pmml/handoff/internal/rest"
)

// The names of a stage's parts.
const (
	Name      = "test"
	uploadsAt = "handoff-test-uploads"
	filesAt   = "handoff-test-artifacts"
	tableAt   = "handoff-test"
	deployAt  = "handoff-test-deploy:live"
)

// What the template says.
const (
	apiTimeout    = 30 * time.Second
	deployTimeout = 10 * time.Minute
	visibility    = time.Hour
	maxReceives   = 5
	batch         = 5
	keep          = 3
)

// What the functions say.
const (
	apiPatience    = 25 * time.Second
	deployPatience = time.Hour
)

// Config says how a stage is set up and how AWS behaves. The zero value has kind services, and everybody is an admin who
// has a JWT that says so.
type Config struct {
	Dir  string // an existing folder for the files of functions; required
	Real bool   // time goes on by itself; otherwise only when somebody waits

	Admin, Scoring gateway.Mode // empty: JWT
	Tokens         rest.TokenHashes
	Strict         bool   // refuse documents that have what their schema does not know
	Endpoint       string // where Addresses is served

	Seed       uint64        // of what follows
	Reorder    bool          // the queue gives messages in any order
	Duplicates float64       // probability that a message comes twice
	Loss       float64       // probability that S3 tells nobody of a change
	Delay      time.Duration // by which S3 may tell later, at most

	Log *slog.Logger // nil: none
}

// A Call is a call of a service.
type Call struct {
	Function string // api or deploy
	Process  int    // counts the environments of functions/deploy; 0 is functions/api
	Name     string // such as "s3.PutObject models/iris/model.pmml" or "dynamodb.TransactWriteItems"
}

// A Stage is a whole stage.
type Stage struct {
	Config
	Uploads, Files *awstest.Bucket
	Table          *awstest.Table
	Lambda         *awstest.Lambda
	Queue, Dead    *awstest.Queue
	Addresses      *awstest.Addresses

	clock *clock
	front *gateway.Front

	mu      sync.Mutex
	random  *rand.Rand
	decide  func(Call) awstest.Fate
	compile func(process *awstest.Line) error
	idle    []*environment
	count   int
	notices []notice
	polled  chan struct{} // closed after the next poll
	hurry   chan struct{}
	stop    context.CancelFunc
	done    chan struct{}
}

// notice is what S3 has still to tell.
type notice struct {
	at   time.Time
	body string
}

// environment is a process of functions/deploy.
type environment struct {
	line    *awstest.Line
	handler *uploads.Handler
}

// New makes a stage in which nothing is deployed.
func New(c Config) (*Stage, error) {
	c.Admin, c.Scoring = cmp.Or(c.Admin, gateway.JWT), cmp.Or(c.Scoring, gateway.JWT)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Stage{Config: c, clock: newClock(c.Real), random: rand.New(rand.NewPCG(c.Seed, 1)), Table: awstest.NewTable(),
		polled: make(chan struct{}), hurry: make(chan struct{}, 1)}
	s.Uploads = awstest.NewBucket(awstest.BucketConfig{Name: uploadsAt, Now: s.clock.now, Prefix: "models/", Tell: s.tell})
	s.Files = awstest.NewBucket(awstest.BucketConfig{Name: filesAt, Now: s.clock.now})
	s.Addresses = &awstest.Addresses{Buckets: []*awstest.Bucket{s.Uploads, s.Files}}
	s.Dead = awstest.NewQueue(awstest.QueueConfig{Name: "dead", Now: s.clock.now})
	s.Queue = awstest.NewQueue(awstest.QueueConfig{Name: "uploads", Now: s.clock.now, Visibility: visibility, MaxReceives: maxReceives,
		DeadLetters: s.Dead, Seed: c.Seed, Reorder: c.Reorder, Duplicates: c.Duplicates})
	s.Queue.Send(`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2100-01-01T00:00:00.000Z","Bucket":"` + uploadsAt + `"}`)
	if err := s.makeLambda(); err != nil {
		return nil, err
	}
	return s, s.makeFront()
}

// Now gives the stage's time.
func (s *Stage) Now() time.Time { return s.clock.now() }

// Advance lets time go on, where it does not do so by itself.
func (s *Stage) Advance(d time.Duration) { s.clock.advance(d) }

// Decide lets a function decide on the fate of all calls of AWS that processes make from now on; nil: all pass. It may
// call anything itself.
func (s *Stage) Decide(decide func(Call) awstest.Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide = decide
}

// BeforeCompiling lets something happen to a process before it compiles a document; nil: nothing.
func (s *Stage) BeforeCompiling(happens func(process *awstest.Line) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compile = happens
}

func (s *Stage) line(function string, process int) *awstest.Line {
	return &awstest.Line{Decide: func(call string) awstest.Fate {
		s.mu.Lock()
		decide := s.decide
		s.mu.Unlock()
		if decide == nil {
			return awstest.Pass
		}
		return decide(Call{function, process, call})
	}}
}

// ---- S3 tells the queue

func (s *Stage) tell(n awstest.Notice) {
	body, _ := json.Marshal(n.JSON("ada")) // texts cannot fail
	s.mu.Lock()
	if s.random.Float64() >= s.Loss {
		due := s.clock.now()
		if s.Delay > 0 {
			due = due.Add(time.Duration(s.random.Int64N(int64(s.Delay))))
		}
		s.notices = append(s.notices, notice{due, string(body)})
	}
	s.mu.Unlock()
	select {
	case s.hurry <- struct{}{}:
	default:
	}
}

// deliver sends to the queue what is due.
func (s *Stage) deliver() {
	now := s.clock.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var later []notice
	for _, n := range s.notices {
		if now.Before(n.at) {
			later = append(later, n)
		} else {
			s.Queue.Send(n.body)
		}
	}
	s.notices = later
}

// Poll lets Lambda receive from the queue once and invoke functions/deploy with what is there. It gives how many messages
// there were.
func (s *Stage) Poll(ctx context.Context) (int, error) {
	s.deliver()
	n, err := awstest.Mapping{Queue: s.Queue, Batch: batch, Invoke: s.Deploy}.Poll(ctx)
	s.mu.Lock()
	close(s.polled)
	s.polled = make(chan struct{})
	s.mu.Unlock()
	return n, err
}

// drain polls until nothing can be received.
func (s *Stage) drain(ctx context.Context) {
	for n := 1; n > 0; {
		var err error
		if n, err = s.Poll(ctx); err != nil {
			s.Log.Warn("an invocation failed", slog.String("cause", err.Error()))
		}
	}
}

// Schedule invokes functions/deploy as the clock does every minute.
func (s *Stage) Schedule(ctx context.Context) error {
	_, err := s.Deploy(ctx, []byte(`{"version":"0","detail-type":"Scheduled Event","source":"aws.events","resources":["arn:aws:events:eu-central-1:123456789012:rule/every-minute"],"detail":{}}`))
	return err
}

// maxMinutes is how long Settle looks on: a message has five hours until it lies among the dead letters.
const maxMinutes = 8 * 60

// Settle lets time go on until nothing is left to do: no message is under way, and nothing unfinished.
func (s *Stage) Settle(ctx context.Context) error {
	for range maxMinutes {
		s.drain(ctx)
		s.clock.advance(time.Minute)
		if err := s.Schedule(ctx); err != nil {
			s.Log.Warn("the schedule failed", slog.String("cause", err.Error()))
		}
		unfinished, err := s.Store().Unfinished(ctx)
		if err != nil {
			return err
		}
		s.mu.Lock()
		quiet := len(s.notices) == 0
		s.mu.Unlock()
		if quiet && len(unfinished) == 0 && len(s.Queue.Bodies()) == 0 {
			return nil
		}
	}
	return fmt.Errorf("there is still something to do: %v", s.Queue.Bodies())
}

// Start polls and keeps the schedule until Close, where time goes on by itself.
func (s *Stage) Start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.done = stop, make(chan struct{})
	go func() {
		defer close(s.done)
		minute := time.NewTicker(time.Minute)
		defer minute.Stop()
		for ctx.Err() == nil {
			s.drain(ctx)
			select {
			case <-s.hurry:
			case <-minute.C:
				if err := s.Schedule(ctx); err != nil {
					s.Log.Warn("the schedule failed", slog.String("cause", err.Error()))
				}
			case <-ctx.Done():
			}
		}
	}()
}

// Close ends what Start began.
func (s *Stage) Close() {
	if s.stop != nil {
		s.stop()
		<-s.done
	}
}

// ---- functions/deploy

// Deploy is Lambda's Invoke of functions/deploy: in an environment that is idle, or a new one. It has its own time, and
// goes on when the caller goes away.
func (s *Stage) Deploy(ctx context.Context, payload []byte) ([]byte, error) {
	e := s.take()
	ctx, end := s.clock.within(context.WithoutCancel(ctx), deployTimeout, e.line)
	defer end()
	answer, err := e.handler.Invoke(ctx, payload)
	if e.line.Ended() {
		return nil, errors.New("the runtime exited without providing a reason")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, e)
	return answer, err
}

func (s *Stage) take() *environment {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := len(s.idle); n > 0; n = len(s.idle) {
		e := s.idle[n-1]
		s.idle = s.idle[:n-1]
		if !e.line.Ended() {
			return e
		}
	}
	s.count++
	return s.newEnvironment(s.count)
}

// Restart ends the environments that are idle: the next invocation begins in a new one.
func (s *Stage) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = nil
}

func (s *Stage) newEnvironment(n int) *environment {
	line := s.line("deploy", n)
	log := s.Log.With(slog.Int("process", n))
	buckets := awstest.S3Line{Line: line, Buckets: []*awstest.Bucket{s.Uploads, s.Files}}
	files := s3.NewArtifacts(buckets, filesAt)
	pause := func(ctx context.Context, d time.Duration) error { return s.pause(ctx, line, d) }
	pipeline := deploy.New(deploy.Config{
		Store:     dynamodb.New(awstest.DynamoDBLine{Line: line, Table: s.Table}, tableAt),
		Objects:   s3.NewObjects(buckets, uploadsAt),
		Artifacts: files,
		Runtime:   s.newRuntime(lambdaLine{line, s.Lambda}, files, pause, log),
		Compile:   s.compiler(line, s.Strict), Settings: settings.Read,
		Keep: keep, Ends: true, Patience: deployPatience, Now: s.clock.now, Pause: pause, Log: log,
	})
	handler := uploads.NewHandler(uploads.Config{Pipeline: pipeline, Bucket: uploadsAt, Preview: files.Preview, Now: s.clock.now, Log: log})
	return &environment{line, handler}
}

func (s *Stage) compiler(line *awstest.Line, strict bool) deploy.CompileFunc {
	return func(_ context.Context, document io.Reader, modelName string) ([]byte, error) {
		s.mu.Lock()
		happens := s.compile
		s.mu.Unlock()
		if happens != nil {
			if err := happens(line); err != nil {
				return nil, err
			}
		}
		return compile.Compile(document, compile.Options{ModelName: modelName, Strict: strict})
	}
}

// pause lets a process wait.
func (s *Stage) pause(ctx context.Context, line *awstest.Line, d time.Duration) error {
	if s.Real {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	} else {
		s.clock.advance(d)
	}
	if line.Ended() {
		return awstest.ErrEnded
	}
	return ctx.Err()
}

// ---- functions/api

// Store gives what is in the table.
func (s *Stage) Store() deploy.Store { return dynamodb.New(s.Table, tableAt) }

// Front gives functions/api.
func (s *Stage) Front() runtime.Handler { return frontOf{s} }

type frontOf struct{ s *Stage }

func (f frontOf) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithDeadline(ctx, f.s.clock.now().Add(apiTimeout))
	defer cancel()
	return f.s.front.Invoke(ctx, payload)
}

func (s *Stage) makeFront() (err error) {
	line := s.line("api", 0)
	buckets := awstest.S3Line{Line: line, Buckets: []*awstest.Bucket{s.Uploads, s.Files}}
	files := s3.NewArtifacts(buckets, filesAt)
	log := s.Log.With(slog.String("function", "api"))
	remote := gateway.NewRemote(gateway.RemoteConfig{
		Store:     dynamodb.New(awstest.DynamoDBLine{Line: line, Table: s.Table}, tableAt),
		Objects:   s3.NewObjects(buckets, uploadsAt),
		Artifacts: files,
		Addresses: s3.NewUploads(awstest.Presigner(cmp.Or(s.Endpoint, "http://127.0.0.1:1")), uploadsAt, filesAt),
		Commands:  &command.Client{Keep: files.PutPreview, Patience: apiPatience, Invoke: s.Deploy},
		Patience:  apiPatience, Now: s.clock.now, Pause: s.waitForDeploy, Log: log,
	})
	s.front, err = gateway.New(gateway.Config{
		Stage: Name, Invoke: lambda.Invoker(lambdaLine{line, s.Lambda}), Remote: remote, Log: log,
		Authorization: &gateway.Authorization{Admin: s.Admin, Scoring: s.Scoring, Log: log,
			Tokens: func(context.Context) (rest.TokenHashes, error) { return s.Tokens, nil }},
	})
	return err
}

// waitForDeploy lets functions/api wait: meanwhile functions/deploy does something.
func (s *Stage) waitForDeploy(ctx context.Context, d time.Duration) error {
	if !s.Real {
		s.clock.advance(d)
		if _, err := s.Poll(ctx); err != nil {
			s.Log.Warn("an invocation failed", slog.String("cause", err.Error()))
		}
		return ctx.Err()
	}
	s.mu.Lock()
	polled := s.polled
	s.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-polled:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

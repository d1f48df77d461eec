// Package rest is the service's HTTP interface: Openscoring's protocol, so that its clients work unchanged, with better
// answers where Openscoring's own are accidents. It is plain net/http over the interfaces of package catalog, the same
// in a local server and in a function on AWS.
package rest

import (
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handoff-pmml/handoff/internal/catalog"
	"github.com/handoff-pmml/handoff/internal/deploy"
)

// Application is what every answer says of itself; Openscoring's Python client takes no other.
const Application = "Openscoring/2.2.1"

// Config says what the service stands on and what it allows.
type Config struct {
	Models    catalog.Models    // required
	Scorers   catalog.Scorers   // required
	Documents catalog.Documents // nil: documents cannot be downloaded, their path does not exist
	Deployer  Deployer          // nil: models are neither deployed nor undeployed, those methods are not allowed
	History   History           // nil: there is no history, its paths do not exist
	Uploads   Uploads           // nil: no tickets for uploads are given, their path does not exist
	Receiver  Receiver          // nil: what tickets are for is not put to the service itself

	Roles   func(*http.Request) Role // what a caller may do; nil: everybody is User
	Waiting func() []deploy.Waiting  // objects that are not deployed yet; may be nil

	Actor  func(*http.Request) string // who a caller is, for the history; nil: the role and the address
	Limits Limits                     // zero fields: defaults
	Log    *slog.Logger               // one line per request, without values of records; nil: none

	BasePath     string                   // path in front of all others, such as "/prod" for a stage of API Gateway
	Operations   bool                     // serve /livez, /readyz and /healthz
	Metrics      bool                     // serve /metrics, too: what this process has counted is what there is to know
	Ready        func(*http.Request) bool // what /readyz says; nil: always ready
	Relieved     func()                   // is called when a request that took much memory has ended; may be nil
	AllowOrigins []string                 // origins whose pages may call the service (CORS), or "*"; empty: none
}

// Limits bound what one request, and all together, can take. A zero field has the default.
type Limits struct {
	Body         int64         // bytes of a body to score, as sent and decompressed; default 64 MiB
	Document     int64         // bytes of a document, as sent and decompressed; default 512 MiB
	Ratio        int64         // how many times a body above 10 MiB may grow when it is decompressed; default 1,000
	Answer       int           // bytes of an answer; default 256 MiB
	Held         int64         // bytes of all bodies to score and large answers at one time; default 512 MiB, or what one of the largest takes
	BodyTime     time.Duration // in which a body to score must arrive; default 1 minute
	DocumentTime time.Duration // in which a document must arrive; default 10 minutes
	AnswerTime   time.Duration // in which each MiB of an answer must be taken; default 30 seconds
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Body, 64<<20)
	setDefault(&l.Document, 512<<20)
	setDefault(&l.Ratio, 1000)
	setDefault(&l.Answer, 256<<20)
	setDefault(&l.Held, max(512<<20, 4*l.Body+int64(l.Answer)))
	setDefault(&l.BodyTime, time.Minute)
	setDefault(&l.DocumentTime, 10*time.Minute)
	setDefault(&l.AnswerTime, 30*time.Second)
	return l
}

func setDefault[T int | int64 | time.Duration](v *T, to T) {
	if *v == 0 {
		*v = to
	}
}

// service is the handler.
type service struct {
	Config
	resources []resource
	heavy     chan struct{} // taken while a large body is scored, so that small ones do not wait behind many of them
	held      atomic.Int64  // bytes of the bodies and large answers of exchanges that are not over
	buffers   sync.Pool     // of *[]byte, for answers
	metrics   metrics
	usages    usages
}

// New makes the service.
func New(c Config) http.Handler {
	c.Limits = c.Limits.withDefaults()
	c.BasePath = strings.TrimRight(c.BasePath, "/")
	if c.Roles == nil {
		c.Roles = func(*http.Request) Role { return User }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &service{Config: c, heavy: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))}
	s.resources = s.routes()
	return s
}

// Command front serves what `handoff serve` serves, but every request takes the road of AWS: it becomes an event of API
// Gateway, which functions/api's handler answers or passes on to that of a model's function; what is put lies in a bucket,
// whose queue functions/deploy hears of; and the answer becomes HTTP again. All of AWS is in memory, the functions' code is
// their own. For tests, on loopback only.
//
//	go run ./scripts/front --addr 127.0.0.1:0 --data FOLDER [--user-token T] [--admin-token T] [--strict]
//
// With both tokens they decide (TOKEN); with one for deploying alone, everybody may score (NONE); with none, everybody has
// a JWT of an admin's.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/aws/stagetest"
	"github.com/handoff-pmml/handoff/internal/rest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "loopback address to listen on")
	data := flag.String("data", "", "folder for the program of the models' functions; all else is in memory")
	user := flag.String("user-token", "", "token for scoring")
	admin := flag.String("admin-token", "", "token for deploying")
	strict := flag.Bool("strict", false, "check documents strictly")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := stagetest.Config{Dir: *data, Real: true, Strict: *strict}
	authorize(&c, *user, *admin)
	if err := serve(ctx, *addr, c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// authorize sets what tokens ask for.
func authorize(c *stagetest.Config, user, admin string) {
	if admin == "" {
		return
	}
	c.Admin, c.Scoring = gateway.Token, gateway.None
	c.Tokens.Admin = []rest.TokenHash{sha256.Sum256([]byte(admin))}
	if user != "" {
		c.Scoring = gateway.Token
		c.Tokens.User = []rest.TokenHash{sha256.Sum256([]byte(user))}
	}
}

func serve(ctx context.Context, addr string, c stagetest.Config) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	front, err := listen(addr)
	if err != nil {
		return err
	}
	defer front.Close() //nolint:errcheck // the process ends
	buckets, err := listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer buckets.Close() //nolint:errcheck // the process ends
	c.Endpoint = "http://" + buckets.Addr().String()
	stage, err := stagetest.New(c)
	if err != nil {
		return err
	}
	stage.Start()
	defer stage.Close()
	ended := make(chan error, 2)
	go func() { ended <- answer(ctx, buckets, stage.Addresses) }()
	go func() { ended <- answer(ctx, front, stage.Gateway()) }()
	fmt.Printf("Lambda's road to the REST API begins at http://%s\n", front.Addr())
	return <-ended
}

// answer answers requests until ctx ends.
func answer(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, DisableGeneralOptionsHandler: true}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func listen(addr string) (*net.TCPListener, error) {
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if !at.IP.IsLoopback() {
		return nil, fmt.Errorf("%s is not a loopback address", addr)
	}
	return net.ListenTCP("tcp", at)
}

// Command front serves what `handoff serve` serves, but every request takes the road of AWS: it becomes an event of API
// Gateway, functions/api's handler answers it or passes it on to that of a model's function, and the answer becomes HTTP
// again. What is put into the folder of uploads is heard of as S3 tells it; changes go by commands. For tests, on loopback
// only.
//
//	go run ./scripts/front --addr 127.0.0.1:0 --data FOLDER [--user-token T] [--admin-token T]
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
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/handoff-pmml/handoff/internal/aws/function/front"
	"github.com/handoff-pmml/handoff/internal/aws/gateway"
	"github.com/handoff-pmml/handoff/internal/local"
	"github.com/handoff-pmml/handoff/internal/rest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "loopback address to listen on")
	data := flag.String("data", "", "folder of the deployed models")
	user := flag.String("user-token", "", "token for scoring")
	admin := flag.String("admin-token", "", "token for deploying")
	strict := flag.Bool("strict", false, "check documents strictly")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	authorization, options := authorize(*user, *admin)
	if err := serve(ctx, *addr, *data, *strict, authorization, options); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// authorize gives the authorization that tokens ask for, and what API Gateway does for that.
func authorize(user, admin string) (*gateway.Authorization, front.Options) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	options := front.Options{Routes: gateway.AdminRoutes}
	if admin == "" {
		options.Authorize = func(string, *http.Request) (*front.Authorizer, bool) { return adminJWT(), true }
		return &gateway.Authorization{Admin: gateway.JWT, Scoring: gateway.JWT, Log: log}, options
	}
	known := rest.TokenHashes{Admin: []rest.TokenHash{sha256.Sum256([]byte(admin))}}
	a := &gateway.Authorization{Admin: gateway.Token, Scoring: gateway.None, Log: log}
	if user != "" {
		known.User = []rest.TokenHash{sha256.Sum256([]byte(user))}
		a.Scoring = gateway.Token
	}
	a.Tokens = func(context.Context) (rest.TokenHashes, error) { return known, nil }
	return a, options
}

// adminJWT is what API Gateway tells of a token with the scope of admins.
func adminJWT() *front.Authorizer {
	jwt := &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"sub": "front", "scope": gateway.AdminScope}}
	return &front.Authorizer{JWT: jwt}
}

func serve(ctx context.Context, addr, data string, strict bool, a *gateway.Authorization, o front.Options) error {
	store, err := local.Open(data, local.Options{Strict: strict})
	if err != nil {
		return err
	}
	api, err := newAPI(store, a)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	listener, err := listen(addr)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	server := &http.Server{Handler: front.New(api, o), ReadHeaderTimeout: 10 * time.Second, DisableGeneralOptionsHandler: true}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Printf("Lambda's road to the REST API begins at http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, store.Close())
	}
	return store.Close()
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

// quiet is a logger for handlers whose answers say enough.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// Command front serves what `handoff serve` serves, but every request takes the road of AWS: it becomes an event of API
// Gateway, is answered by the functions' Lambda handler, and the answer becomes HTTP again. For tests, on loopback only.
//
//	go run ./scripts/front --addr 127.0.0.1:0 --data FOLDER [--user-token T] [--admin-token T]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/handoff-pmml/handoff/internal/aws/function"
	"github.com/handoff-pmml/handoff/internal/aws/function/front"
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
	if err := serve(ctx, *addr, *data, *strict, rest.Tokens(*user, *admin)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, addr, data string, strict bool, roles func(*http.Request) rest.Role) error {
	store, err := local.Open(data, local.Options{Strict: strict})
	if err != nil {
		return err
	}
	listener, err := listen(addr)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	api := rest.New(rest.Config{Models: store, Scorers: store, Documents: store, Deployer: store, History: store, Roles: roles})
	server := &http.Server{Handler: front.New(function.NewHandler(api, "")), ReadHeaderTimeout: 10 * time.Second, DisableGeneralOptionsHandler: true}
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

// Command e2e plays the life of models on a stand-in for AWS, which AWS_ENDPOINT_URL names:
//
//	e2e world -deploy FOLDER -architecture x86_64 -sam-env FILE   make all that template.yaml makes and functions rely on
//	e2e poll                                                      be the event source mapping of functions/deploy
//	e2e deploy                                                    upload the sample model, and wait until it is live
//	e2e story                                                     upload, score, replace, reject, roll back, delete, undelete
//	e2e http URL                                                  one exchange for each route and role of functions/api
//
// scripts/e2e.sh runs them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("world, poll, deploy, story or http?")
	}
	c, err := connect(ctx)
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	folder := flags.String("deploy", "", "folder with the bootstrap of functions/deploy, as sam build makes it")
	architecture := flags.String("architecture", "x86_64", "processor of the functions")
	samEnv := flags.String("sam-env", "", "file to write the variables of the functions to, for sam local")
	samples := flags.String("samples", "testdata/samples", "folder with sample models")
	image := flags.String("image", "", "image in which a model's package is started by itself")
	network := flags.String("network", "", "Docker network for that")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "world":
		return c.world(ctx, *folder, *architecture, *samEnv)
	case "poll":
		return c.poll(ctx)
	case "deploy":
		return c.deploy(ctx, *samples)
	case "story":
		return c.story(ctx, *samples, container{*image, *network})
	case "http":
		return exchanges(ctx, flags.Arg(0), *samples)
	}
	return fmt.Errorf("%s is no part of this", args[0])
}

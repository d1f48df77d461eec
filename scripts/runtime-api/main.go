// Command runtime-api runs bootstraps of functions on this machine under the least that speaks Lambda's runtime interface,
// and measures how long they take to start and to answer. It listens on 127.0.0.1 alone.
//
//	go run ./scripts/runtime-api -score bin/lambda/Score/bootstrap -empty bin/empty testdata/samples/iris/model.pmml
//
// Each DOCUMENT is compiled and becomes the model of a function named like its folder; each row of input.csv beside it is
// one event of API Gateway. Lambda itself adds what it takes to load the package and to make the environment, and gives a
// function with less than 1,769 MB less than one processor.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
)

func main() {
	var s settings
	flag.StringVar(&s.score, "score", "", "bootstrap of functions/score for this machine (required)")
	flag.StringVar(&s.empty, "empty", "", "program of scripts/runtime-api/empty, to compare with")
	flag.IntVar(&s.memory, "memory", 512, "memory that the functions are told to have, in MB")
	flag.IntVar(&s.runs, "runs", 20, "processes to start of each function")
	flag.IntVar(&s.calls, "calls", 500, "warm calls of each process")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.run(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "runtime-api:", err)
		os.Exit(1)
	}
}

// settings say what is measured.
type settings struct {
	score, empty        string
	memory, runs, calls int
}

func (s *settings) run(ctx context.Context, documents []string) error {
	folder, err := os.MkdirTemp("", "runtime-api-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	functions, err := s.functions(folder, documents)
	if err != nil {
		return err
	}
	var all []*measurement
	for _, f := range functions {
		m, err := measure(ctx, f, s.memory, s.runs, s.calls)
		if err != nil {
			return err
		}
		all = append(all, m)
	}
	fmt.Printf("%d processes each with %d warm calls, memory %d MB\n\n", s.runs, s.calls, s.memory)
	report(os.Stdout, all)
	return nil
}

// functions makes the packages of all that is measured below a folder.
func (s *settings) functions(folder string, documents []string) (all []*function, err error) {
	next := func() (string, error) {
		own := filepath.Join(folder, strconv.Itoa(len(all)))
		return own, os.Mkdir(own, 0o755)
	}
	if s.empty != "" {
		own, err := next()
		if err != nil {
			return nil, err
		}
		f, err := emptyFunction(s.empty, own)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	for _, document := range documents {
		own, err := next()
		if err != nil {
			return nil, err
		}
		f, err := scoreFunction(s.score, document, own)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

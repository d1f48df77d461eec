package main

import (
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// showEnvironment lets --help and the manual name the environment variable beside each flag that may come from one.
func showEnvironment(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if name := " [" + environmentName(f.Name) + "]"; !strings.HasSuffix(f.Usage, name) {
			f.Usage += name
		}
	})
}

// A tokenSource is a token with the file that may hold it instead. What is on the command line goes before what is in the
// environment, be it one or the other.
type tokenSource struct {
	name                  string // of the flag; that of the file ends in -file
	tokenFirst, fileFirst bool   // which of them, if only one, is on the command line
}

// newTokenSource looks at the command line, before the environment is.
func newTokenSource(flags *pflag.FlagSet, name string) tokenSource {
	token, file := flags.Changed(name), flags.Changed(name+"-file")
	return tokenSource{name, token && !file, file && !token}
}

// read reads the file into the token if that is where it comes from.
func (t tokenSource) read(token *string, file string) error {
	if file == "" || t.tokenFirst {
		return nil
	}
	if *token != "" && !t.fileFirst {
		return usageError(nil, "--%s and --%[1]s-file cannot be given together", t.name)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ioError("read the token", err)
	}
	if *token = strings.TrimSpace(string(text)); *token == "" {
		return usageError(nil, "--%s-file %s is empty", t.name, file)
	}
	return nil
}

package main

import (
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

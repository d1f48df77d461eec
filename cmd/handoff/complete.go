package main

import (
	"bufio"
	"compress/gzip"
	"encoding/xml"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// modelFiles are the extensions of files that are models.
var modelFiles = []string{"pmml", "xml", "gz", "bin"}

// completeFiles lets a shell offer files with some extensions as arguments.
func completeFiles(extensions ...string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

// completeModelName offers the names of the models in the document of --model, or in those that are arguments.
func completeModelName(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if f := cmd.Flag("model"); f != nil {
		args = []string{f.Value.String()}
	}
	var names []string
	for _, path := range args {
		names = append(names, modelNames(path)...)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// modelNames gives the names of the models in a document, as far as they are found while a person waits. What is wrong
// with it is not said here.
func modelNames(path string) (names []string) {
	const most = 8 << 20
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	var r io.Reader = bufio.NewReader(f)
	if first, _ := r.(*bufio.Reader).Peek(2); string(first) == "\x1f\x8b" {
		if r, err = gzip.NewReader(r); err != nil {
			return nil
		}
	}
	d := xml.NewDecoder(io.LimitReader(r, most))
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return names
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				names = append(names, modelNameOf(e)...)
			}
		case xml.EndElement:
			depth--
		}
	}
}

func modelNameOf(e xml.StartElement) []string {
	for _, a := range e.Attr {
		if a.Name.Local == "modelName" && a.Value != "" {
			return []string{a.Value}
		}
	}
	return nil
}

// complete says what a shell may offer for the flags of a command, as far as it has them: what a name means is the same
// everywhere.
func complete(cmd *cobra.Command) {
	for name, offer := range map[string]cobra.CompletionFunc{
		"model-name": completeModelName,
		"input":      completeFiles("csv"),
		"errors":     completeFiles("csv"),
		"missing":    cobra.FixedCompletions([]string{"NA", "N/A", "NaN", "null", ",NA"}, cobra.ShellCompDirectiveNoFileComp),
		"log":        cobra.FixedCompletions([]string{"text", "json", "none"}, cobra.ShellCompDirectiveNoFileComp),
		"data":       completeFolders,
		"samples":    completeFolders,
		"addr":       cobra.FixedCompletions([]string{"127.0.0.1:8080", "[::1]:8080"}, cobra.ShellCompDirectiveNoFileComp),
	} {
		if cmd.Flags().Lookup(name) == nil {
			continue
		}
		if _, known := cmd.GetFlagCompletionFunc(name); !known {
			cmd.RegisterFlagCompletionFunc(name, offer) //nolint:errcheck // the flag is there, and has none yet
		}
	}
	if cmd.ValidArgsFunction == nil && cmd.Args != nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
}

func completeFolders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// isTerminal says that a person sees what is written to w, or typed what is read from it, on a terminal that can do more
// than print one line after the other.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// widthOf gives the columns of what w writes to: 0 if it is no terminal, so that nothing is cut that a program reads.
func widthOf(w io.Writer) int {
	width, _ := sizeOfTerminal(w)
	return width
}

// sizeOfTerminal gives the columns and lines of what w writes to, 0 if it is no terminal.
func sizeOfTerminal(w io.Writer) (width, height int) {
	if !isTerminal(w) {
		return 0, 0
	}
	width, height, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// A palette is the colours of a terminal, all empty where there is none.
type palette struct{ bold, dim, red, cyan, end string }

// colours asks for colours only where a person looks, and has not said otherwise (https://no-color.org).
func colours(w io.Writer) palette {
	if os.Getenv("NO_COLOR") != "" || !isTerminal(w) {
		return palette{}
	}
	return palette{bold: "\x1b[1m", dim: "\x1b[2m", red: "\x1b[31m", cyan: "\x1b[36m", end: "\x1b[0m"}
}

// thousands writes a number as people read it: 1,234,567.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

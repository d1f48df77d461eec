package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progressAfter is when a progress bar appears, progressEvery how often it is drawn; tests wait less.
var progressAfter, progressEvery = time.Second, 200 * time.Millisecond

// A progress shows how far a table has been read, or only that a document is being compiled, while that takes long. A nil
// progress shows nothing.
type progress struct {
	bar  *progressbar.ProgressBar
	what string
	size int64 // bytes of the table; 0: not known

	began     time.Time
	table     *countedReader // nil: there are no rows
	rows      atomic.Int64
	once      sync.Once
	end, over chan struct{}
}

// watchedBy says that a bar can be shown on stderr without standing in the way of something else: nobody types the
// records into the same terminal, or sees the results there.
func watchedBy(stderr, in, results any) bool {
	return isTerminal(stderr) && !isTerminal(in) && !isTerminal(results)
}

// sizeOf gives the bytes of a file that has not been read yet, 0 if nobody knows.
func sizeOf(in io.Reader) int64 {
	f, ok := in.(*os.File)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// newProgress begins to watch what is done: how a table of size bytes is read, 0 if they are not known, or something
// without rows.
func newProgress(out io.Writer, what string, table *countedReader, size int64) *progress {
	most := size
	if size == 0 {
		most = -1
	}
	p := &progress{
		what: what, table: table, size: size, began: time.Now(), end: make(chan struct{}), over: make(chan struct{}),
		bar: progressbar.NewOptions64(most,
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription(what),
			progressbar.OptionSetRenderBlankState(false),
			progressbar.OptionSetSpinnerChangeInterval(0), // it would draw by itself, also after the end
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetPredictTime(size > 0),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetWidth(20),
		),
	}
	p.bar.StartWithoutRender()
	go p.run()
	return p
}

// run draws until the end, and leaves an empty line.
func (p *progress) run() {
	defer close(p.over)
	wait := time.NewTimer(progressAfter)
	defer wait.Stop()
	select {
	case <-p.end:
		return
	case <-wait.C:
	}
	again := time.NewTicker(progressEvery)
	defer again.Stop()
	for {
		p.draw()
		select {
		case <-p.end:
			p.bar.Clear() //nolint:errcheck // a terminal that is gone shows no bar either
			return
		case <-again.C:
		}
	}
}

// draw shows where it is. Errors are those of a terminal that is gone.
func (p *progress) draw() {
	if p.table == nil {
		p.bar.Describe(p.what)
		return
	}
	rows := p.rows.Load()
	perSecond := int64(float64(rows) / time.Since(p.began).Seconds())
	at := p.table.read.Load()
	if p.size > 0 {
		at = min(at, p.size-1) // what has been read may still have to be scored, and a full bar ends itself
	}
	p.bar.Set64(at) //nolint:errcheck // see above
	p.bar.Describe(fmt.Sprintf("%s rows, %s/s", thousands(rows), thousands(perSecond)))
}

// row counts a row that has been scored.
func (p *progress) row() {
	if p != nil {
		p.rows.Add(1)
	}
}

// stop removes the bar; nothing is drawn any more when it returns. It may be called again.
func (p *progress) stop() {
	if p != nil {
		p.once.Do(func() { close(p.end) })
		<-p.over
	}
}

// A countedReader counts what is read.
type countedReader struct {
	io.Reader
	read atomic.Int64
}

func (c *countedReader) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.read.Add(int64(n))
	return n, err
}

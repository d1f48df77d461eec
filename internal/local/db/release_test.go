package db_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/handoff-pmml/handoff/internal/deploy"
	"github.com/handoff-pmml/handoff/internal/local/db"
)

// TestRelease gives the memory back while others read and write, and finds everything as it was.
func TestRelease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "handoff.db")
	d, err := db.Open(path, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const history = 300
	for i := int64(1); i <= history; i++ {
		id := deploy.NewID(time.Unix(i, 0))
		err := d.Commit(t.Context(), deploy.Transition{
			Model:  deploy.Model{ID: "m", Rev: i, Last: int(i)},
			Audits: []deploy.Audit{{Model: "m", ID: id, Reason: strings.Repeat("because ", 100)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			if err := d.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	read := func() {
		t.Helper()
		audits, err := d.Audits(t.Context(), "m", "", history+1)
		if err != nil || len(audits) != history {
			t.Fatalf("%d audits: %v", len(audits), err)
		}
	}
	read()
	before, known := resident(t, path)
	if err := d.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, _ := resident(t, path); known && (before == 0 || after > before/4) {
		t.Errorf("%d KiB of the file are in memory, %d before", after, before)
	}
	read()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Release(t.Context()); err == nil {
		t.Error("a database that is closed has memory to give back")
	}
}

// resident gives how many KiB of a mapped file this process holds, where the system tells.
func resident(t *testing.T, path string) (kib int, known bool) {
	t.Helper()
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Logf("the system does not tell what is mapped: %v", err)
		return 0, false
	}
	defer maps.Close()
	inFile := false
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 5 && strings.Contains(fields[0], "-"):
			inFile = fields[len(fields)-1] == path
		case inFile && fields[0] == "Rss:":
			n, _ := strconv.Atoi(fields[1])
			kib, known = kib+n, true
		}
	}
	return kib, known
}

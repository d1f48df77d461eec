// Package disktest lets the power fail under package disk.
package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/handoff-pmml/handoff/internal/local/disk"
)

// ErrPower is what every step ends with after the power has failed.
var ErrPower = errors.New("the power has failed")

// A Shadow follows all steps in a folder that was empty, and knows what of them would be left if the power failed: what
// was written to a file lasts when the file was synced, a name when the folder that it is in was. The zero value is ready
// to use; its method Tap goes into disk.New.
type Shadow struct {
	mu    sync.Mutex
	root  node
	armed bool
	left  int // steps until the power fails, if armed
}

// A node is a file or a folder, as a running program sees it and as it would be after the power has failed.
type node struct {
	now, lasting map[string]*node // of a folder: what is in it
	data, synced []byte           // of a file
	at, syncedAt time.Time
	isFile       bool
}

// Fail lets the power fail after so many more steps that change something or make it last.
func (s *Shadow) Fail(after int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed, s.left = true, after
}

// Failed says whether the power has failed.
func (s *Shadow) Failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.armed && s.left < 0
}

// Tap follows a step. Nothing is synced in earnest: the shadow knows better.
func (s *Shadow) Tap(step disk.Step, do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.armed && s.left < 0 {
		return ErrPower
	}
	if !follows(step.Op) {
		return do()
	}
	if s.armed {
		if s.left--; s.left < 0 {
			return ErrPower
		}
	}
	if step.Op == disk.Sync || step.Op == disk.SyncDir {
		do = func() error { return nil }
		if s.root.find(step.Name) == nil {
			return os.ErrNotExist
		}
	}
	if err := do(); err != nil {
		return err
	}
	return s.follow(step)
}

func follows(op disk.Op) bool {
	switch op {
	case disk.Mkdir, disk.Create, disk.Write, disk.Chtimes, disk.Rename, disk.Remove, disk.Sync, disk.SyncDir:
		return true
	}
	return false
}

func (s *Shadow) follow(step disk.Step) error {
	parent, name := s.root.find(path.Dir(step.Name)), path.Base(step.Name)
	if parent == nil {
		return fmt.Errorf("shadow: there is no folder of %s", step.Name)
	}
	n := s.root.find(step.Name)
	if made := step.Op == disk.Mkdir || step.Op == disk.Create; n == nil && !made {
		return fmt.Errorf("shadow: there is no %s", step.Name)
	}
	switch step.Op {
	case disk.Mkdir, disk.Create:
		parent.set(name, &node{isFile: step.Op == disk.Create})
	case disk.Write:
		n.data = append(bytes.Clone(n.data), step.Data...)
	case disk.Chtimes:
		n.at = step.Time
	case disk.Remove:
		delete(parent.now, name)
	case disk.Rename:
		delete(parent.now, name)
		s.root.find(path.Dir(step.To)).set(path.Base(step.To), n)
	case disk.Sync:
		n.synced, n.syncedAt = n.data, n.at
	case disk.SyncDir:
		n.lasting = maps.Clone(n.now)
	}
	return nil
}

func (n *node) set(name string, child *node) {
	if n.now == nil {
		n.now = map[string]*node{}
	}
	n.now[name] = child
}

// find finds what has a path now; nil: nothing has.
func (n *node) find(name string) *node {
	if n == nil || name == "." {
		return n
	}
	dir, base := path.Split(name)
	return n.find(path.Clean(dir)).child(base)
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	return n.now[name]
}

// A Loss says what of that which was not synced is left under a path: the names in a folder or none of them, and how
// much of a file's contents, from 0 to 1.
type Loss func(name string) (names bool, contents float64)

// Losses are ways in which the power may fail.
func Losses() map[string]Loss {
	all := map[string]Loss{
		"only what was synced is left":       func(string) (bool, float64) { return false, 0 },
		"contents that were not synced miss": func(string) (bool, float64) { return true, 0 },
		"half of them is left":               func(string) (bool, float64) { return true, 0.5 },
		"all is left":                        func(string) (bool, float64) { return true, 1 },
	}
	for seed := range 4 {
		all[fmt.Sprintf("chance %d decides", seed)] = func(name string) (bool, float64) {
			h := fnv.New32a()
			fmt.Fprint(h, seed, name)
			sum := h.Sum32()
			return sum&1 == 0, float64(sum>>1&3) / 3
		}
	}
	return all
}

// Write makes what is left in a folder that is empty.
func (s *Shadow) Write(dir string, loss Loss) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.root.write(dir, ".", loss)
}

func (n *node) write(dir, name string, loss Loss) error {
	names, contents := loss(name)
	if n.isFile {
		data, at := n.synced, n.syncedAt
		if contents > 0 && !bytes.Equal(data, n.data) {
			data = n.data[:int(contents*float64(len(n.data)))]
		}
		if contents == 1 {
			at = n.at
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil || at.IsZero() {
			return err
		}
		return os.Chtimes(file, at, at)
	}
	if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
		return err
	}
	children := n.lasting
	if names {
		children = n.now
	}
	for child, c := range children {
		if err := c.write(dir, path.Join(name, child), loss); err != nil {
			return err
		}
	}
	return nil
}

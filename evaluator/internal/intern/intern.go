// Package intern numbers distinct texts in memory that has no pointers, so that a million of them cost the garbage
// collector nothing.
package intern

import (
	"hash/maphash"
	"unsafe"
)

// A Texts is a set of texts, each with a number from 0 in the order of their addition. The zero Texts is empty.
type Texts struct {
	chunks [][]byte // written once: texts are handed out as views of them
	places []place
	table  []uint32 // number + 1 of the text with this hash, or one of the next; 0: none
	seed   maphash.Seed
}

type place struct{ chunk, start, size uint32 }

const chunkSize = 256 << 10

// Add gives the number of a text, and whether it is new.
func (t *Texts) Add(text string) (number int, added bool) {
	if 4*(len(t.places)+1) > 3*len(t.table) {
		t.grow()
	}
	at := t.find(text)
	if n := t.table[at]; n > 0 {
		return int(n - 1), false
	}
	t.places = append(t.places, t.keep(text))
	t.table[at] = uint32(len(t.places))
	return len(t.places) - 1, true
}

// find gives the place in the table where a text is, or would be.
func (t *Texts) find(text string) int {
	mask := len(t.table) - 1
	at := int(maphash.String(t.seed, text)) & mask
	for t.table[at] > 0 && t.Text(int(t.table[at]-1)) != text {
		at = (at + 1) & mask
	}
	return at
}

func (t *Texts) grow() {
	if t.table == nil {
		t.seed = maphash.MakeSeed()
	}
	t.table = make([]uint32, max(64, 2*len(t.table)))
	for i := range t.places {
		t.table[t.find(t.Text(i))] = uint32(i + 1)
	}
}

// keep copies a text to the last chunk, or to a new one.
func (t *Texts) keep(text string) place {
	last := len(t.chunks) - 1
	if last < 0 || len(text) > cap(t.chunks[last])-len(t.chunks[last]) {
		size := chunkSize
		if last < 0 {
			size = 1 << 10 // most documents have few texts
		}
		t.chunks = append(t.chunks, make([]byte, 0, max(size, len(text))))
		last++
	}
	start := len(t.chunks[last])
	t.chunks[last] = append(t.chunks[last], text...)
	return place{uint32(last), uint32(start), uint32(len(text))}
}

// Len is how many texts there are.
func (t *Texts) Len() int { return len(t.places) }

// Text gives the text with a number.
func (t *Texts) Text(number int) string {
	p := t.places[number]
	if p.size == 0 {
		return ""
	}
	return unsafe.String(&t.chunks[p.chunk][p.start], p.size) // never written again
}

// List gives all texts in the order of their numbers.
func (t *Texts) List() []string {
	all := make([]string, len(t.places))
	for i := range all {
		all[i] = t.Text(i)
	}
	return all
}

package db

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
)

// The file format of bbolt, version 2: pages of the same size, in the byte order of the machine. Pages 0 and 1 are metas,
// written in turn: each says which tree is valid, and the one with the greater transaction counts. A page may go on over
// those that follow it.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	headerSize  = 16 // id 8, kind 2, count 2, overflow 4
	elementSize = 16 // branch: position 4, key 4, page 8; leaf: flags 4, position 4, key 4, value 4
	metaSize    = 64 // magic 4, version 4, page size 4, flags 4, root 8, sequence 8, freelist 8, high water 8, transaction 8, checksum 8
	bucketSize  = 16 // root 8 (0: the page follows here), sequence 8

	bucketElement = 0x01 // flag of a leaf's element that is a bucket

	minPageSize, maxPageSize = 1 << 10, 1 << 24
)

var native = binary.NativeEndian

// checkFile reads all that a database consists of, without bbolt, which trusts the file: it would panic, run in circles or
// give wrong answers. The cost is that of reading the file once. The error is a *DamagedError, or one of reading.
func checkFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	c := checker{file: file, size: info.Size()}
	err = c.check()
	var damage damageError
	if errors.As(err, &damage) {
		return &DamagedError{Path: path, What: string(damage)}
	}
	return err
}

// A damageError says what is wrong.
type damageError string

func (e damageError) Error() string { return string(e) }

func damagef(format string, args ...any) error { return damageError(fmt.Sprintf(format, args...)) }

type checker struct {
	file *os.File
	size int64

	pageSize int64
	meta     metaPage
	used     []bool // pages that belong to something

	items  seal // as they are
	sealed []byte
}

// A metaPage says where everything begins.
type metaPage struct {
	pageSize                          int64
	root, freelist, high, transaction uint64
}

func (c *checker) check() error {
	if err := c.readMetas(); err != nil {
		return err
	}
	if c.meta.high < 4 || c.meta.high > uint64(c.size/c.pageSize) {
		return damagef("it should have %d pages of %d bytes, and has %d bytes", c.meta.high, c.pageSize, c.size)
	}
	c.used = make([]bool, c.meta.high)
	c.used[0], c.used[1] = true, true
	if err := c.readTree(nil, c.meta.root, c.rootElement); err != nil {
		return err
	}
	if err := c.readFreelist(); err != nil {
		return err
	}
	for id, used := range c.used {
		if !used {
			return damagef("page %d belongs to nothing", id)
		}
	}
	return c.checkSeal()
}

// checkSeal compares what is there with what was written.
func (c *checker) checkSeal() error {
	var s seal
	if err := json.Unmarshal(c.sealed, &s); err != nil {
		return damagef("its seal cannot be read")
	}
	if s != c.items {
		return damagef("its %d items are not the %d that were written", c.items.Items, s.Items)
	}
	return nil
}

// ---- metas

// readMetas reads both metas. Both must be right: if the newer one were lost, the older would silently take its place, and
// with it what was live before.
func (c *checker) readMetas() error {
	first, err := c.readMeta(0)
	if err != nil {
		return err
	}
	second, err := c.readMeta(first.pageSize)
	if err != nil {
		return err
	}
	newer, older := first, second
	if older.transaction > newer.transaction {
		newer, older = older, newer
	}
	if newer.transaction != older.transaction+1 || newer.pageSize != older.pageSize {
		return damagef("its two metas do not belong together")
	}
	c.meta, c.pageSize = newer, newer.pageSize
	return nil
}

func (c *checker) readMeta(offset int64) (metaPage, error) {
	b := make([]byte, headerSize+metaSize)
	if offset+int64(len(b)) > c.size {
		return metaPage{}, damagef("it has %d bytes only", c.size)
	}
	if _, err := c.file.ReadAt(b, offset); err != nil {
		return metaPage{}, err
	}
	b = b[headerSize:]
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	m := metaPage{pageSize: int64(native.Uint32(b[8:])), root: native.Uint64(b[16:]), freelist: native.Uint64(b[32:]),
		high: native.Uint64(b[40:]), transaction: native.Uint64(b[48:])}
	switch {
	case native.Uint32(b) != boltMagic || native.Uint32(b[4:]) != boltVersion:
		return m, damagef("the meta at byte %d is none", offset)
	case native.Uint64(b[metaSize-8:]) != sum.Sum64():
		return m, damagef("the meta at byte %d has a wrong checksum", offset)
	case m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0:
		return m, damagef("the meta at byte %d has a page size of %d", offset, m.pageSize)
	}
	return m, nil
}

// ---- pages

// A page is what lies in the file from its header on, with the pages that it goes on over.
type page struct {
	id    uint64
	kind  uint16
	count int
	bytes []byte
}

// readPage reads a page that nothing else may have claimed.
func (c *checker) readPage(id uint64) (page, error) {
	if id < 2 || id >= c.meta.high {
		return page{}, damagef("page %d is outside", id)
	}
	var header [headerSize]byte
	if _, err := c.file.ReadAt(header[:], int64(id)*c.pageSize); err != nil {
		return page{}, err
	}
	overflow := uint64(native.Uint32(header[12:]))
	if native.Uint64(header[:]) != id || overflow >= c.meta.high-id {
		return page{}, damagef("page %d has a wrong header", id)
	}
	for i := id; i <= id+overflow; i++ {
		if c.used[i] {
			return page{}, damagef("page %d belongs to two", i)
		}
		c.used[i] = true
	}
	p := page{id: id, kind: native.Uint16(header[8:]), count: int(native.Uint16(header[10:]))}
	p.bytes = make([]byte, int64(overflow+1)*c.pageSize)
	_, err := c.file.ReadAt(p.bytes, int64(id)*c.pageSize)
	return p, err
}

// An element is one entry of a page.
type element struct {
	key, value []byte
	child      uint64 // of a branch
	bucket     bool   // of a leaf: the value is a bucket
}

// elements gives the entries of a page, whose keys must ascend.
func (p page) elements() ([]element, error) {
	if p.kind != branchPage && p.kind != leafPage || headerSize+p.count*elementSize > len(p.bytes) {
		return nil, damagef("page %d is no page of a tree", p.id)
	}
	if p.kind == branchPage && p.count == 0 {
		return nil, damagef("page %d is empty", p.id)
	}
	list := make([]element, p.count)
	for i := range list {
		at := headerSize + i*elementSize
		head := p.bytes[at : at+elementSize]
		e := &list[i]
		var position, key, value uint64
		if p.kind == branchPage {
			position, key, e.child = uint64(native.Uint32(head)), uint64(native.Uint32(head[4:])), native.Uint64(head[8:])
		} else {
			position, key, value = uint64(native.Uint32(head[4:])), uint64(native.Uint32(head[8:])), uint64(native.Uint32(head[12:]))
			flags := native.Uint32(head)
			e.bucket = flags == bucketElement
			if flags != 0 && !e.bucket {
				return nil, damagef("entry %d of page %d is of no known kind", i, p.id)
			}
		}
		from := uint64(at) + position
		if from < uint64(headerSize+p.count*elementSize) || from+key+value > uint64(len(p.bytes)) {
			return nil, damagef("entry %d of page %d is outside", i, p.id)
		}
		e.key, e.value = p.bytes[from:from+key], p.bytes[from+key:from+key+value]
		if i > 0 && bytes.Compare(list[i-1].key, e.key) >= 0 {
			return nil, damagef("the keys of page %d are out of order", p.id)
		}
	}
	return list, nil
}

// ---- trees

// A visit is a page of a tree that is to be read, with the keys that it may have: from low on, and below high.
type visit struct {
	id        uint64
	low, high []byte // nil: no bound
}

// readTree calls take for all entries of a tree's leaves. A tree that runs in circles claims a page twice.
func (c *checker) readTree(bucket []byte, root uint64, take func(bucket []byte, e element) error) error {
	for todo := []visit{{id: root}}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		p, err := c.readPage(v.id)
		if err != nil {
			return err
		}
		list, err := p.elements()
		if err != nil {
			return err
		}
		if p.kind == leafPage && p.count == 0 && v.id != root {
			return damagef("page %d is empty", p.id)
		}
		if n := len(list); n > 0 && (v.low != nil && bytes.Compare(list[0].key, v.low) < 0 || v.high != nil && bytes.Compare(list[n-1].key, v.high) >= 0) {
			return damagef("page %d has keys that belong elsewhere", p.id)
		}
		for i, e := range list {
			if p.kind == leafPage {
				if err := take(bucket, e); err != nil {
					return err
				}
				continue
			}
			high := v.high
			if i+1 < len(list) {
				high = list[i+1].key
			}
			todo = append(todo, visit{id: e.child, low: e.key, high: high})
		}
	}
	return nil
}

// rootElement takes an entry of the root: one of our buckets.
func (c *checker) rootElement(_ []byte, e element) error {
	if !e.bucket || len(e.value) < bucketSize {
		return damagef("%q is no bucket", e.key)
	}
	if root := native.Uint64(e.value); root != 0 {
		return c.readTree(e.key, root, c.item)
	}
	inline := e.value[bucketSize:]
	if len(inline) < headerSize {
		return damagef("bucket %q is cut off", e.key)
	}
	p := page{kind: native.Uint16(inline[8:]), count: int(native.Uint16(inline[10:])), bytes: inline}
	list, err := p.elements()
	if err != nil {
		return err
	}
	if p.kind != leafPage {
		return damagef("bucket %q is no leaf", e.key)
	}
	for _, e2 := range list {
		if err := c.item(e.key, e2); err != nil {
			return err
		}
	}
	return nil
}

// item takes an entry of one of our buckets.
func (c *checker) item(bucket []byte, e element) error {
	switch {
	case e.bucket:
		return damagef("%q is a bucket", e.key)
	case bytes.Equal(bucket, sealBucket):
		c.sealed = bytes.Clone(e.value)
	default:
		c.items.add(bucket, e.key, e.value)
	}
	return nil
}

// ---- pages that belong to nothing

// readFreelist reads which pages may be written: none that belongs to something, and none twice.
func (c *checker) readFreelist() error {
	p, err := c.readPage(c.meta.freelist)
	if err != nil {
		return err
	}
	if p.kind != freelistPage {
		return damagef("page %d is no list of free pages", p.id)
	}
	list, count := p.bytes[headerSize:], uint64(p.count)
	if p.count == 0xFFFF { // more than a header can say
		count, list = native.Uint64(list), list[8:]
	}
	if count > uint64(len(list)/8) {
		return damagef("the list of free pages is cut off")
	}
	for i := range count {
		id := native.Uint64(list[8*i:])
		if id < 2 || id >= c.meta.high || c.used[id] {
			return damagef("page %d cannot be free", id)
		}
		c.used[id] = true
	}
	return nil
}

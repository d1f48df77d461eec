package db

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/fnv"

	"go.etcd.io/bbolt"
)

// A seal is the number of all items of a database and the sum of their hashes: it tells whether one was lost or changed.
// It is a sum so that a transaction that writes three items reads no more than these three.
type seal struct {
	Items uint64 `json:"items"`
	Sum   uint64 `json:"sum"`
}

var sealKey = []byte("seal")

// hashOf tells an item by its bucket, key and value.
func hashOf(bucket, key, value []byte) uint64 {
	h := fnv.New64a()
	var n [8]byte
	for _, part := range [][]byte{bucket, key, value} {
		h.Write(binary.BigEndian.AppendUint64(n[:0], uint64(len(part))))
		h.Write(part)
	}
	return h.Sum64()
}

func (s *seal) add(bucket, key, value []byte) {
	s.Items++
	s.Sum += hashOf(bucket, key, value)
}

func (s *seal) subtract(bucket, key, value []byte) {
	s.Items--
	s.Sum -= hashOf(bucket, key, value)
}

func (s seal) write(tx *bbolt.Tx) error {
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return tx.Bucket(sealBucket).Put(sealKey, value)
}

// A writing is a transaction that writes: all items go through it, so that the seal is right.
type writing struct {
	tx   *bbolt.Tx
	seal seal
}

// write runs a transaction and seals it.
func write(tx *bbolt.Tx, do func(w *writing) error) error {
	w := &writing{tx: tx}
	if err := json.Unmarshal(tx.Bucket(sealBucket).Get(sealKey), &w.seal); err != nil {
		return errors.Join(errors.New("the seal cannot be read"), err)
	}
	if err := do(w); err != nil {
		return err
	}
	return w.seal.write(tx)
}

func (w *writing) put(bucket []byte, key, value []byte) error {
	b := w.tx.Bucket(bucket)
	if old := b.Get(key); old != nil {
		w.seal.subtract(bucket, key, old)
	}
	w.seal.add(bucket, key, value)
	return b.Put(key, value)
}

func (w *writing) remove(bucket []byte, key []byte) error {
	b := w.tx.Bucket(bucket)
	if old := b.Get(key); old != nil {
		w.seal.subtract(bucket, key, old)
	}
	return b.Delete(key)
}

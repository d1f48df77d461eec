package pmml

import "math"

// Limits bounds what a document may cost. A field that is zero has its value from DefaultLimits.
type Limits struct {
	Bytes      int64 // size of the text after decompression and decoding, in bytes; never above 4 GiB
	Ratio      int64 // size after decompression : size before, once the former exceeds RatioFrom
	RatioFrom  int64 // decompressed size in bytes up to which any ratio is accepted
	Depth      int64 // elements open at the same time
	Elements   int64 // elements in all
	Attributes int64 // attributes of one element
	Tag        int64 // size of one start tag with its attributes, in bytes
	Name       int64 // size of the name of an element or attribute, in bytes
}

// DefaultLimits are the limits for documents of unknown origin. Real forests compress 25 : 1.
func DefaultLimits() Limits {
	return Limits{
		Bytes:      512 << 20,
		Ratio:      1000,
		RatioFrom:  10 << 20,
		Depth:      2000,
		Elements:   50_000_000,
		Attributes: 200_000,
		Tag:        32 << 20,
		Name:       4 << 10,
	}
}

// Namespaces travel with every piece that is parsed, so they are bounded more tightly than other attributes. Real
// documents declare up to ten.
const (
	mostNamespaces      = 64   // declarations in scope at the same time
	longestNamespaceURI = 1024 // bytes
)

// orDefault fills the fields that are zero.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ have, def *int64 }{
		{&l.Bytes, &d.Bytes}, {&l.Ratio, &d.Ratio}, {&l.RatioFrom, &d.RatioFrom}, {&l.Depth, &d.Depth},
		{&l.Elements, &d.Elements}, {&l.Attributes, &d.Attributes}, {&l.Tag, &d.Tag}, {&l.Name, &d.Name},
	} {
		if *f.have == 0 {
			*f.have = *f.def
		}
	}
	l.Bytes = min(l.Bytes, math.MaxUint32) // offsets are kept in 32 bits
	return l
}

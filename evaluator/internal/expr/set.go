package expr

import (
	"math"
	"slices"
	"sort"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Set is a fixed set of values of one type: text as symbols, anything else as numbers. The zero Set is empty.
type Set struct {
	syms []int32 // ascending
	nums []float64
	wide []int64  // ascending: integers that a float64 does not tell from their neighbours
	bits []uint64 // of the symbols from syms[0] on, where they lie close together; else nil
}

// NewSet is the set of the given valid cells.
func NewSet(cells []value.Cell) Set {
	var s Set
	for _, c := range cells {
		if c.Type == value.String {
			s.syms = append(s.syms, c.Sym)
		} else if Wide(c) {
			s.wide = append(s.wide, c.Int64())
		} else if x := c.Float64(); !math.IsNaN(x) {
			s.nums = append(s.nums, x)
		}
	}
	s.index()
	return s
}

// Wide says that c is an integer that a float64 does not tell from its neighbours.
func Wide(c value.Cell) bool {
	const most = 1 << 53
	return c.Type == value.Integer && (c.Int64() >= most || c.Int64() <= -most)
}

// index sorts the members and, where symbols lie close together, makes a bitmap of them.
func (s *Set) index() {
	sort.Slice(s.syms, func(i, j int) bool { return s.syms[i] < s.syms[j] })
	sort.Float64s(s.nums)
	slices.Sort(s.wide)
	s.bits = nil
	if n := len(s.syms); n > 4 {
		if span := int(s.syms[n-1]) - int(s.syms[0]) + 1; span <= 32*n {
			s.bits = make([]uint64, (span+63)/64)
			for _, y := range s.syms {
				i := y - s.syms[0]
				s.bits[i/64] |= 1 << (i % 64)
			}
		}
	}
}

// Len is the number of members, counting repetitions.
func (s *Set) Len() int { return len(s.syms) + len(s.nums) + len(s.wide) }

// Has says that the cell's value is a member.
func (s *Set) Has(c value.Cell) bool {
	if c.Type == value.String {
		return s.hasSymbol(c.Sym)
	}
	if len(s.wide) > 0 && Wide(c) {
		_, ok := slices.BinarySearch(s.wide, c.Int64())
		return ok
	}
	return s.HasNumber(c.Float64())
}

// HasNumber says that x is a member.
func (s *Set) HasNumber(x float64) bool {
	if len(s.nums) <= 4 {
		for _, y := range s.nums {
			if x == y {
				return true
			}
		}
		return false
	}
	i := sort.SearchFloat64s(s.nums, x)
	return i < len(s.nums) && s.nums[i] == x
}

func (s *Set) hasSymbol(y int32) bool {
	if s.bits != nil {
		i := int(y) - int(s.syms[0])
		return i >= 0 && i < 64*len(s.bits) && s.bits[i/64]&(1<<(i%64)) != 0
	}
	if len(s.syms) <= 4 {
		for _, z := range s.syms {
			if y == z {
				return true
			}
		}
		return false
	}
	i := sort.Search(len(s.syms), func(i int) bool { return s.syms[i] >= y })
	return i < len(s.syms) && s.syms[i] == y
}

// Only gives the member of a set of one.
func (s *Set) Only() (c value.Cell, ok bool) {
	switch {
	case s.Len() != 1:
	case len(s.syms) == 1:
		return value.SymbolOf(s.syms[0]), true
	case len(s.nums) == 1:
		return value.DoubleOf(s.nums[0]), true
	}
	return value.Cell{}, false
}

// Window gives the least and the greatest member of a set of symbols; ok is false if it is empty or not of symbols.
func (s *Set) Window() (least, greatest int32, ok bool) {
	if len(s.syms) == 0 || len(s.nums) > 0 || len(s.wide) > 0 {
		return 0, 0, false
	}
	return s.syms[0], s.syms[len(s.syms)-1], true
}

// Bits gives a bit for each of the 64 symbols from least on that is a member.
func (s *Set) Bits(least int32) (bits uint64) {
	for _, y := range s.syms {
		bits |= 1 << (y - least)
	}
	return bits
}

// Same says that two sets have the same members.
func (s *Set) Same(t *Set) bool {
	return slices.Equal(s.syms, t.syms) && slices.Equal(s.nums, t.nums) && slices.Equal(s.wide, t.wide)
}

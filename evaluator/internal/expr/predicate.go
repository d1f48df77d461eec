package expr

import "github.com/handoff-pmml/handoff/evaluator/internal/value"

// A Predicate is true, false, or unknown because something is missing.
type Predicate interface {
	Holds(f *Frame) value.Truth
	node
}

// An Always is the predicate True or False.
type Always struct{ Truth value.Truth }

// Holds gives the constant.
func (p *Always) Holds(*Frame) value.Truth { return p.Truth }

// An Operator compares a field with a literal.
type Operator uint8

// The operators of SimplePredicate.
const (
	Equal Operator = iota
	NotEqual
	LessThan
	LessOrEqual
	GreaterThan
	GreaterOrEqual
)

// A Compare is a SimplePredicate on a field that compares as a number: Limit is in the field's type.
type Compare struct {
	Slot  int32
	Op    Operator
	Limit float64
}

// Holds compares numbers.
func (p *Compare) Holds(f *Frame) value.Truth {
	x := f.Nums[p.Slot]
	if x != x {
		return f.unknown(p.Slot)
	}
	switch p.Op {
	case Equal:
		return value.TruthOf(x == p.Limit)
	case NotEqual:
		return value.TruthOf(x != p.Limit)
	case LessThan:
		return value.TruthOf(x < p.Limit)
	case LessOrEqual:
		return value.TruthOf(x <= p.Limit)
	case GreaterThan:
		return value.TruthOf(x > p.Limit)
	}
	return value.TruthOf(x >= p.Limit)
}

// A Known is a SimplePredicate isMissing or isNotMissing.
type Known struct {
	Slot    int32
	Missing bool // isMissing
}

// Holds is never unknown.
func (p *Known) Holds(f *Frame) value.Truth {
	if f.Slots[p.Slot].State == value.Failed {
		return f.unknown(p.Slot)
	}
	return value.TruthOf((f.Slots[p.Slot].State == value.Missing) == p.Missing)
}

// An In is a SimpleSetPredicate, an equality of texts (a set of one), or an order of categories (the set of those
// below).
type In struct {
	Slot int32
	Not  bool
	Set  Set
}

// Holds looks the field's value up.
func (p *In) Holds(f *Frame) value.Truth {
	c := f.Slots[p.Slot]
	if c.State != value.Valid && c.State != value.Invalid {
		return f.unknown(p.Slot)
	}
	return value.TruthOf(p.Set.Has(c) != p.Not)
}

// A Connective joins predicates.
type Connective uint8

// The connectives of CompoundPredicate.
const (
	And Connective = iota
	Or
	Xor
	Surrogate
)

// A Compound is a CompoundPredicate.
type Compound struct {
	Op   Connective
	Args []Predicate
}

// Holds joins by Kleene's logic: xor is the parity and unknown if anything is; surrogate is the first that is known.
func (p *Compound) Holds(f *Frame) value.Truth {
	switch p.Op {
	case And, Or:
		stop, out := value.TruthOf(p.Op == Or), value.TruthOf(p.Op == And)
		for _, a := range p.Args {
			switch t := a.Holds(f); t {
			case stop:
				return stop
			case value.Unknown:
				out = value.Unknown
			}
		}
		return out
	case Xor:
		odd := false
		for _, a := range p.Args {
			switch a.Holds(f) {
			case value.Unknown:
				return value.Unknown
			case value.True:
				odd = !odd
			}
		}
		return value.TruthOf(odd)
	}
	for _, a := range p.Args {
		if t := a.Holds(f); t != value.Unknown {
			return t
		}
	}
	return value.Unknown
}

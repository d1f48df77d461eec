package value

// maxWork bounds the work on the texts of one record. A unit is about a nanosecond.
const maxWork = 1 << 30

// A Budget is what work on texts one record may still take. Documents bring patterns and tables, callers bring texts, and
// together they could keep a processor busy for hours. The zero Budget is a full one; a nil Budget has no end.
type Budget struct{ used int64 }

// Spend takes units of work, and says that there were enough.
func (b *Budget) Spend(units int) bool {
	if b == nil {
		return true
	}
	b.used += int64(units)
	return b.used <= maxWork
}

// Exhaust takes all that is left: the record has failed, and what else it asks for is in vain.
func (b *Budget) Exhaust() { b.Spend(maxWork) }

// refill makes it a full one again.
func (b *Budget) refill() { b.used = 0 }

package program

import (
	"math"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A lockstep is the trees of a forest laid out so that several are walked at the same time: a step is the same few
// instructions at every node, leaves included, without a jump that depends on the record, so the processor waits for
// the memory of all lanes at once. The program's tests stay the truth; a record with which a lockstep cannot deal, such
// as one with a failed field, is scored by them. See Forest.ends.
type lockstep struct {
	nodes   []lockNode
	feeds   []feed
	groups  []laneGroup
	sets    bool // some nodes ask for sets
	nothing bool // some leaves predict nothing: they give +Inf
}

// A lockNode is 16 bytes, its two successors lie together.
type lockNode struct {
	limit uint64 // bits of a number, the answer is yes if what is fed is at most this; a leaf: bits of what it gives
	feed  uint32 // index of what is fed, and isSet; a leaf: 0, which is always at most limit
	next  uint32 // successor if the answer is no, the following one if it is yes; a leaf: the node before itself
}

// isSet marks a node whose limit has a bit for each symbol of a set, as what is fed has one for the field's value.
const isSet = 1 << 31

// lanes is how many trees are walked at the same time.
const lanes = 8

// A laneGroup is as many trees as there are lanes.
type laneGroup struct {
	roots [lanes]uint32
	depth int32 // of the deepest
}

// A feed is what nodes ask for, made ready for a record: where the answer is unknown, it is one that gives the right
// branch.
type feed struct {
	test    Test // one that asks for it: its Limit counts unless it is TestLess or TestSet
	unknown direction
	least   int32 // TestSet: the symbol of the lowest bit
}

// A direction says where nodes go on if the answer is unknown.
type direction uint8

const (
	toNo direction = iota
	toYes
	elsewhere // neither: the record is not for the lockstep
)

// newLockstep lays out the trees with the given roots. It gives nil if they are too few, or ask what a lockstep does not
// know. numbers says that leaves give their numbers, otherwise they give their indexes. about and room: see
// Forest.prepare.
func newLockstep(p *Program, roots []int32, numbers bool, about int, room *int) *lockstep {
	if len(roots) < lanes {
		return nil
	}
	b := lockstepBuilder{
		p: p, numbers: numbers, room: room, most: 4 * len(roots), index: map[feedKey]uint32{}, windows: map[int32]window{},
		lockstep: &lockstep{nodes: make([]lockNode, 2, 2+about+2*len(roots)), feeds: []feed{{}}},
	}
	b.nodes[0].next = math.MaxUint32 // a leaf, which fills empty lanes
	for i, root := range roots {
		if i%lanes == 0 {
			b.groups = append(b.groups, laneGroup{})
		}
		if !b.tree(root, &b.groups[i/lanes], i%lanes) {
			return nil
		}
	}
	b.settleSets()
	return b.lockstep
}

// A lockstepBuilder lays out trees.
type lockstepBuilder struct {
	*lockstep
	p       *Program
	numbers bool
	room    *int
	most    int // feeds: to make them ready must cost less than to walk the trees
	index   map[feedKey]uint32
	windows map[int32]window // of the slots that sets are asked of
	todo    []unplaced
}

type feedKey struct {
	ask     uint32
	limit   float64
	unknown direction
}

// A window is the least and the greatest symbol that is asked for.
type window struct{ least, greatest int32 }

// An unplaced is a test or a leaf (^n) whose node is reserved but not written.
type unplaced struct {
	at    int32
	node  uint32
	depth int32
}

// tree lays out one tree, every test once. It is false if that cannot be done.
func (b *lockstepBuilder) tree(root int32, g *laneGroup, lane int) bool {
	g.roots[lane] = b.reserve()
	b.todo = append(b.todo[:0], unplaced{at: root, node: g.roots[lane]})
	for len(b.todo) > 0 {
		u := b.todo[len(b.todo)-1]
		b.todo = b.todo[:len(b.todo)-1]
		if u.at < 0 {
			if !b.leaf(u) {
				return false
			}
			g.depth = max(g.depth, u.depth)
			continue
		}
		t := &b.p.Tests[u.at]
		feed, limit, ok := b.feed(t)
		if *b.room -= 2; !ok || *b.room < 0 || len(b.nodes) >= math.MaxInt32 {
			return false
		}
		next := b.reserve()
		b.nodes[u.node] = lockNode{limit: math.Float64bits(limit), feed: feed, next: next}
		b.todo = append(b.todo, unplaced{t.No, next, u.depth + 1}, unplaced{t.Yes, next + 1, u.depth + 1})
	}
	return true
}

// reserve gives the first of two nodes, which share a line of the cache.
func (b *lockstepBuilder) reserve() uint32 {
	b.nodes = append(b.nodes, lockNode{}, lockNode{})
	return uint32(len(b.nodes) - 2)
}

func (b *lockstepBuilder) leaf(u unplaced) bool {
	x := float64(^u.at)
	if b.numbers {
		x = b.p.Leaves[^u.at].Number
		switch {
		case math.IsInf(x, 0):
			return false
		case math.IsNaN(x):
			x, b.nothing = math.Inf(1), true
		}
	}
	b.nodes[u.node] = lockNode{limit: math.Float64bits(x), next: u.node - 1}
	return true
}

// feed gives what a node needs to ask t. The limit of a set is its index for now.
func (b *lockstepBuilder) feed(t *Test) (index uint32, limit float64, ok bool) {
	f := feed{test: *t, unknown: elsewhere}
	switch t.Unknown {
	case t.No:
		f.unknown = toNo
	case t.Yes:
		f.unknown = toYes
	}
	key := feedKey{ask: t.Ask, limit: t.Limit, unknown: f.unknown}
	switch kind := t.Ask &^ slotMask; kind {
	case TestLess:
		key.limit, limit = 0, t.Limit
	case TestSet:
		key.limit, limit = 0, t.Limit
		if !b.widen(t) {
			return 0, 0, false
		}
	case TestPredicate:
		return 0, 0, false
	}
	if math.IsNaN(t.Limit) {
		return 0, 0, false
	}
	index, ok = b.index[key]
	if !ok {
		index = uint32(len(b.feeds))
		b.index[key] = index
		b.feeds = append(b.feeds, f)
	}
	if t.Ask&^slotMask == TestSet {
		b.sets = true
		index |= isSet
	}
	return index, limit, len(b.feeds) <= b.most
}

// widen makes the window of a slot hold a set.
func (b *lockstepBuilder) widen(t *Test) bool {
	least, greatest, ok := b.p.Sets[int(t.Limit)].Window()
	slot := int32(t.Ask & slotMask)
	if w, known := b.windows[slot]; known {
		least, greatest = min(least, w.least), max(greatest, w.greatest)
	}
	b.windows[slot] = window{least, greatest}
	return ok && greatest-least < 64
}

// settleSets gives the nodes that ask for sets their bits.
func (b *lockstepBuilder) settleSets() {
	for i := range b.feeds {
		b.feeds[i].least = b.windows[b.feeds[i].slot()].least
	}
	for i := range b.nodes {
		if n := &b.nodes[i]; n.feed&isSet != 0 {
			set := &b.p.Sets[int(math.Float64frombits(n.limit))]
			n.limit = set.Bits(b.feeds[n.feed&^isSet].least)
		}
	}
}

func (p *feed) slot() int32 { return int32(p.test.Ask & slotMask) }

// ready feeds the frame's record. It is false if the record is not for a lockstep.
func (l *lockstep) ready(f *Frame) bool {
	fed := f.fed[:len(l.feeds)]
	fed[0] = math.Float64bits(math.Inf(-1))
	for i := 1; i < len(fed); i++ {
		p := &l.feeds[i]
		if x := f.Nums[p.slot()]; p.test.Ask < 1<<28 && x == x {
			fed[i] = math.Float64bits(x)
			continue
		}
		x, known := p.value(f)
		if !known {
			if p.unknown == elsewhere || f.Slots[p.slot()].State == value.Failed {
				return false
			}
			x = p.stand()
		}
		fed[i] = x
	}
	return true
}

// value gives what nodes compare with their limits for the frame's record; known is false if the answer is unknown.
func (p *feed) value(f *Frame) (x uint64, known bool) {
	c := f.Slots[p.slot()]
	switch p.test.Ask &^ slotMask {
	case TestLess:
		return 0, false
	case TestSet:
		if c.Type == value.String && c.Sym >= p.least && c.Sym-p.least < 64 {
			x = 1 << (c.Sym - p.least)
		}
		return x, c.State == value.Valid || c.State == value.Invalid
	}
	switch f.truth(&p.test) {
	case value.True:
		return math.Float64bits(math.Inf(-1)), true
	case value.False:
		return math.Float64bits(math.Inf(1)), true
	}
	return 0, false
}

// stand gives what leads where unknown answers go.
func (p *feed) stand() uint64 {
	set := p.test.Ask&^slotMask == TestSet
	switch {
	case p.unknown == toYes && set:
		return math.MaxUint64
	case p.unknown == toYes:
		return math.Float64bits(math.Inf(-1))
	case set:
		return 0
	}
	return math.Float64bits(math.NaN())
}

// ends gives what the leaves give in which the trees end, NaN for nothing.
func (l *lockstep) ends(fed []uint64, ends []float64) {
	var of [lanes]float64
	for i := range l.groups {
		if l.sets {
			l.walkSets(fed, &l.groups[i], &of)
		} else {
			l.walk(fed, &l.groups[i], &of)
		}
		copy(ends[i*lanes:], of[:])
	}
	if l.nothing {
		for i, x := range ends {
			if math.IsInf(x, 1) {
				ends[i] = math.NaN()
			}
		}
	}
}

// walk gives what the leaves give in which the trees of a group end.
func (l *lockstep) walk(fed []uint64, g *laneGroup, ends *[lanes]float64) {
	nodes := l.nodes
	at := g.roots
	a, b, c, d, e, f, h, i := at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]
	for range g.depth {
		a, b, c, d = step(nodes, fed, a), step(nodes, fed, b), step(nodes, fed, c), step(nodes, fed, d)
		e, f, h, i = step(nodes, fed, e), step(nodes, fed, f), step(nodes, fed, h), step(nodes, fed, i)
	}
	for lane, n := range [lanes]uint32{a, b, c, d, e, f, h, i} {
		ends[lane] = math.Float64frombits(nodes[n].limit)
	}
}

// step gives the node after node at. The compiler makes no jump of it.
func step(nodes []lockNode, fed []uint64, at uint32) uint32 {
	n := &nodes[at]
	return n.next + atMost(fed[n.feed], n.limit)
}

// atMost is 1 if the number with the bits x is at most the one with the bits limit, else 0.
func atMost(x, limit uint64) (yes uint32) {
	if math.Float64frombits(x) <= math.Float64frombits(limit) {
		yes = 1
	}
	return yes
}

// walkSets is walk for trees some nodes of which ask for sets.
func (l *lockstep) walkSets(fed []uint64, g *laneGroup, ends *[lanes]float64) {
	nodes := l.nodes
	at := g.roots
	a, b, c, d, e, f, h, i := at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]
	for range g.depth {
		a, b, c, d = stepSet(nodes, fed, a), stepSet(nodes, fed, b), stepSet(nodes, fed, c), stepSet(nodes, fed, d)
		e, f, h, i = stepSet(nodes, fed, e), stepSet(nodes, fed, f), stepSet(nodes, fed, h), stepSet(nodes, fed, i)
	}
	for lane, n := range [lanes]uint32{a, b, c, d, e, f, h, i} {
		ends[lane] = math.Float64frombits(nodes[n].limit)
	}
}

func stepSet(nodes []lockNode, fed []uint64, at uint32) uint32 {
	n := &nodes[at]
	x := fed[n.feed&^isSet]
	if n.feed&isSet != 0 {
		return n.next + common(x, n.limit)
	}
	return n.next + atMost(x, n.limit)
}

// common is 1 if x and set have a bit in common, else 0.
func common(x, set uint64) (yes uint32) {
	if x&set != 0 {
		yes = 1
	}
	return yes
}

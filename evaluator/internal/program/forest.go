package program

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Forest is a mining model whose segments are all plain trees that always take part: the same result as a Mining of
// Trees, without their ceremony. Every tree has the whole's categories.
type Forest struct {
	Method    enum.Method            // MajorityVote, WeightedMajorityVote, Average, WeightedAverage, Sum or WeightedSum
	OnMissing enum.MissingPrediction // Continue or ReturnMissing: it makes a difference to votes only
	Float     bool
	Scratch   int32
	Roots     []int32
	Weights   []float64 // nil: 1

	numbers  bool      // ends are numbers, not leaves
	lockstep *lockstep // nil: there is none for these trees
}

// prepare works out what does not depend on a record. about is how many nodes its tests may need, room how many those of
// the program may still need.
func (k *Forest) prepare(p *Program, m *Model, about int, room *int) {
	k.numbers = len(m.Target.Categories) == 0
	k.lockstep = newLockstep(p, k.Roots, k.numbers, about, room)
}

// ends gives for each tree what it ends in: the number of its leaf (NaN: it predicts nothing), or the leaf itself.
func (k *Forest) ends(f *Frame) []float64 {
	ends := f.ends[:len(k.Roots)]
	if k.lockstep != nil && k.lockstep.ready(f) {
		k.lockstep.ends(f.fed, ends)
		return ends
	}
	for i, root := range k.Roots {
		leaf := f.walk(root)
		if ends[i] = float64(leaf); k.numbers {
			ends[i] = f.p.Leaves[leaf].Number
		}
	}
	return ends
}

func (k *Forest) eval(f *Frame, m *Model, o *outcome) {
	n := len(m.Target.Categories)
	switch {
	case n == 0 && k.Float:
		k.sum32(f, o)
	case n == 0:
		k.sum(f, o)
	case k.Method == enum.MajorityVote || k.Method == enum.WeightedMajorityVote:
		k.vote(f, m, o)
	default:
		k.average(f, m, o)
	}
}

func (k *Forest) weight(i int) float64 {
	if k.Weights == nil {
		return 1
	}
	return k.Weights[i]
}

func (k *Forest) sum(f *Frame, o *outcome) {
	sum, total := 0.0, 0.0
	for i, x := range k.ends(f) {
		if x != x {
			return // a tree predicts nothing
		}
		w := k.weight(i)
		sum += float64(w * x)
		total += w
	}
	if k.averages() {
		if total == 0 {
			return
		}
		sum /= total
	}
	o.value = value.DoubleOf(sum)
}

func (k *Forest) averages() bool { return k.Method == enum.Average || k.Method == enum.WeightedAverage }

// sum32 adds in 32 bits, in document order.
func (k *Forest) sum32(f *Frame, o *outcome) {
	sum, total := float32(0), 0.0
	for i, x := range k.ends(f) {
		if x != x {
			return
		}
		w := k.weight(i)
		sum += float32(float32(w) * float32(x))
		total += w
	}
	if !k.averages() {
		o.value = value.FloatOf(float64(sum))
	} else if total != 0 {
		o.value = value.FloatOf(float64(sum) / total)
	}
}

func (k *Forest) vote(f *Frame, m *Model, o *outcome) {
	n := len(m.Target.Categories)
	dist, turns := f.scratch[k.Scratch:int(k.Scratch)+n], f.scratch[int(k.Scratch)+n:int(k.Scratch)+2*n]
	clear(dist)
	clear(turns)
	missing, total := 0.0, 0.0
	for i, leaf := range k.ends(f) {
		w := k.weight(i)
		c := f.p.Leaves[int(leaf)].Category
		if c < 0 || int(c) >= n {
			if k.OnMissing == enum.ReturnMissing {
				return
			}
			missing += w
			continue
		}
		dist[c] += w
		total += w
		if turns[c] == 0 {
			turns[c] = float64(i + 1)
		}
	}
	best := winner(dist, turns)
	if best < 0 || total == 0 || missing > dist[best] {
		return
	}
	k.share(dist, total)
	o.dist, o.category, o.value = dist, best, m.Target.Categories[best]
}

// share divides by the sum of the weights.
func (k *Forest) share(dist []float64, total float64) {
	for c := range dist {
		if k.Float {
			dist[c] = float64(float32(dist[c]) / float32(total))
		} else {
			dist[c] /= total
		}
	}
}

func (k *Forest) average(f *Frame, m *Model, o *outcome) {
	n := len(m.Target.Categories)
	dist := f.scratch[k.Scratch : int(k.Scratch)+n]
	clear(dist)
	total := 0.0
	for i, leaf := range k.ends(f) {
		w := k.weight(i)
		l := &f.p.Leaves[int(leaf)]
		of := f.p.dist(l.Dist, n)
		switch {
		case of != nil && k.Float:
			for c, p := range of {
				dist[c] = float64(float32(dist[c]) + float32(w)*float32(p))
			}
		case of != nil:
			for c, p := range of {
				dist[c] += w * p
			}
		case l.Category >= 0 && int(l.Category) < n:
			dist[l.Category] += w
		default:
			return // a tree predicts nothing
		}
		total += w
	}
	if total == 0 {
		return
	}
	k.share(dist, total)
	best := argmax(dist)
	o.dist, o.category, o.value = dist, best, m.Target.Categories[best]
}

func (k *Forest) code(c *coder) {
	codec.Enum(c.Coder, &k.Method, enum.WeightedSum+1)
	codec.Enum(c.Coder, &k.OnMissing, enum.NumMissingPredictions)
	c.Bool(&k.Float)
	c.scratch(&k.Scratch, 2*c.categories)
	codec.Slice(c.Coder, &k.Roots, 1, func(root *int32) { c.branch(root, -1) })
	c.Float64s(&k.Weights)
	if len(k.Roots) == 0 || k.Weights != nil && len(k.Weights) != len(k.Roots) {
		c.Failf("a forest of %d trees with %d weights", len(k.Roots), len(k.Weights))
	}
}

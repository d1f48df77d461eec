package program

import (
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/codec"
	"github.com/handoff-pmml/handoff/evaluator/internal/enum"
	"github.com/handoff-pmml/handoff/evaluator/internal/expr"
	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Mining is a mining model: several models whose results become one.
type Mining struct {
	Method    enum.Method
	Float     bool // arithmetic in 32 bits
	OnMissing enum.MissingPrediction
	Threshold float64 // share of the weight that may be skipped
	Scratch   int32   // one number for each category, then what the method keeps of each segment
	Segments  []Segment

	categories int // of the whole
}

// A Segment is one member of a Mining.
type Segment struct {
	ID         int32          // symbol
	Predicate  expr.Predicate // nil: always
	Weight     float64
	WeightSlot int32 // -1: Weight
	Model      *Model
	Categories []int32 // index of each of the member's categories in the whole's; nil: the same
	Gives      []Give  // what becomes a result of the whole if the segment decides it
}

// A Give makes a member's output a result.
type Give struct{ From, To int32 }

// give makes the outputs of the segment that decides results.
func (s *Segment) give(f *Frame) {
	for _, g := range s.Gives {
		f.Set(g.To, f.Slots[g.From])
	}
}

// Decides says that one member's outcome is the whole's.
func (k *Mining) Decides() bool {
	return k.Method == enum.SelectFirst || k.Method == enum.ModelChain || k.Method == enum.MultiModelChain
}

func (k *Mining) eval(f *Frame, m *Model, o *outcome) {
	switch k.Method {
	case enum.SelectFirst:
		k.first(f, o)
	case enum.ModelChain, enum.MultiModelChain:
		k.chain(f, o)
	case enum.SelectAll:
		k.all(f, o)
	default:
		if len(m.Target.Categories) > 0 {
			k.classify(f, m, o)
		} else {
			k.regress(f, o)
		}
	}
}

// fires says that the segment takes part for this record.
func (s *Segment) fires(f *Frame) bool {
	return s.Predicate == nil || s.Predicate.Holds(f.Frame) == value.True
}

func (s *Segment) weight(f *Frame) float64 {
	if s.WeightSlot < 0 {
		return s.Weight
	}
	c := f.Slots[s.WeightSlot]
	f.Need(c)
	if w := c.Float64(); c.State == value.Valid && w >= 0 {
		return w
	}
	return 0
}

// take makes the member's outcome the whole's.
func (k *Mining) take(f *Frame, s *Segment, of, o *outcome) {
	o.value, o.dist, o.conf, o.category, o.penalty = of.value, of.dist, of.conf, of.category, of.penalty
	o.entity, o.rules = value.SymbolOf(s.ID), of.rules
	o.card, o.order, o.rated, o.nearest = of.card, of.order, of.rated, of.nearest
	o.named, o.name = of.named, of.name
	if s.Categories == nil {
		return
	}
	if o.category >= 0 && int(o.category) < len(s.Categories) {
		if o.category = s.Categories[o.category]; o.category < 0 { // it predicts something else
			o.dist, o.conf = nil, nil
			return
		}
	}
	none := 0.0
	if of.nearest {
		none = math.Inf(1)
	}
	o.dist, o.conf = k.remap(f, s, of.dist, none, 0), k.remap(f, s, of.conf, 0, 1)
}

// remap gives a member's distribution by the categories of the whole, in the n-th part of scratch memory. none is for those
// that the member does not have.
func (k *Mining) remap(f *Frame, s *Segment, dist []float64, none float64, n int) []float64 {
	if dist == nil {
		return nil
	}
	width := k.categories
	out := f.scratch[int(k.Scratch)+n*width : int(k.Scratch)+(n+1)*width]
	for i := range out {
		out[i] = none
	}
	for i, c := range s.Categories {
		if i < len(dist) && c >= 0 {
			out[c] = dist[i]
		}
	}
	return out
}

func (k *Mining) first(f *Frame, o *outcome) {
	for i := range k.Segments {
		s := &k.Segments[i]
		if !s.fires(f) {
			continue
		}
		of := s.Model.run(f)
		if of.value.State == value.Missing && k.OnMissing == enum.SkipSegment {
			continue
		}
		k.take(f, s, of, o)
		s.give(f)
		return
	}
}

// chain runs the segments in order; the last that runs gives the result.
func (k *Mining) chain(f *Frame, o *outcome) {
	last := -1
	for i := range k.Segments {
		s := &k.Segments[i]
		if !s.fires(f) {
			continue
		}
		of := s.Model.run(f)
		if f.Failed() != nil {
			return
		}
		if of.value.State == value.Missing {
			if k.OnMissing == enum.ReturnMissing {
				o.reset()
				return
			}
			if k.OnMissing == enum.SkipSegment {
				continue
			}
		}
		k.take(f, s, of, o)
		if last = i; k.Method == enum.MultiModelChain {
			s.give(f)
		}
	}
	if last >= 0 {
		k.Segments[last].give(f)
	}
}

// all lists the predictions of the segments that fire.
func (k *Mining) all(f *Frame, o *outcome) {
	list := make([]value.Cell, 0, len(k.Segments)) // a result of any length is allocated
	t := value.NoType
	for i := range k.Segments {
		s := &k.Segments[i]
		if !s.fires(f) {
			continue
		}
		of := s.Model.run(f)
		if of.value.State == value.Missing {
			switch k.OnMissing {
			case enum.ReturnMissing:
				return
			case enum.SkipSegment:
				continue
			}
		}
		list, t = append(list, of.value), of.value.Type
	}
	if len(list) > 0 {
		o.value = f.List(t, list)
	}
}

// tally is what is known of the members while they are combined.
type tally struct {
	weight       float64 // of members that predict: the divisor of averages and votes
	counted      float64 // their weights, whether the method is weighted or not
	skipped      float64 // the weights of those that do not predict and are skipped
	missing      bool    // a member without a prediction decides: the whole has none
	votesMissing float64
}

// absent counts a member that predicts nothing. w is what its vote would count, share its weight.
func (k *Mining) absent(t *tally, w, share float64) {
	switch k.OnMissing {
	case enum.SkipSegment:
		t.skipped += share
	case enum.ReturnMissing:
		t.missing = true
	default:
		t.votesMissing += w
	}
}

// tooMany says that so much was skipped that nothing can be predicted.
func (k *Mining) tooMany(t *tally) bool {
	return t.skipped > 0 && t.skipped/(t.skipped+t.counted) > k.Threshold
}

func (k *Mining) regress(f *Frame, o *outcome) {
	var t tally
	weighted := k.Method == enum.WeightedAverage || k.Method == enum.WeightedSum || k.Method == enum.WeightedMedian
	keeps := k.Method == enum.Median || k.Method == enum.WeightedMedian
	sum, sum32, n := 0.0, float32(0), 0
	most := math.Inf(-1)
	kept := f.scratch[k.Scratch:]
	for i := range k.Segments {
		s := &k.Segments[i]
		if !s.fires(f) {
			continue
		}
		share, w := s.weight(f), 1.0
		if weighted {
			w = share
		}
		of := s.Model.run(f)
		if of.value.State == value.Missing {
			k.absent(&t, w, share)
			continue
		}
		t.counted += share
		x := of.value.Float64()
		if keeps {
			kept[2*n], kept[2*n+1] = x, w
		}
		n++
		t.weight += w
		most = math.Max(most, x)
		switch {
		case k.Float && weighted:
			sum32 += float32(w) * float32(x)
		case k.Float:
			sum32 += float32(x)
		case weighted:
			sum += w * x
		default:
			sum += x
		}
	}
	if n == 0 || t.missing || t.votesMissing > 0 || k.tooMany(&t) {
		return
	}
	if k.Float {
		sum = float64(sum32)
	}
	switch k.Method {
	case enum.Sum, enum.WeightedSum:
	case enum.Average:
		sum /= float64(n)
	case enum.WeightedAverage:
		if t.weight == 0 {
			return
		}
		sum /= t.weight
	case enum.Median:
		sum = median(kept[:2*n])
	case enum.WeightedMedian:
		if t.weight == 0 {
			return
		}
		sum = weightedMedian(kept[:2*n], t.weight)
	case enum.Max:
		sum = most
	}
	if k.Float {
		o.value = value.FloatOf(sum)
	} else {
		o.value = value.DoubleOf(sum)
	}
}

// sortPairs sorts (number, weight) by number, in place, without an interface that would be allocated: a heapsort.
func sortPairs(xw []float64) {
	n := len(xw) / 2
	for i := n/2 - 1; i >= 0; i-- {
		sink(xw, i, n)
	}
	for n--; n > 0; n-- {
		swapPairs(xw, 0, n)
		sink(xw, 0, n)
	}
}

// sink moves the i-th pair of a heap of n pairs down to where it belongs.
func sink(xw []float64, i, n int) {
	for {
		child := 2*i + 1
		if child >= n {
			return
		}
		if child+1 < n && xw[2*child] < xw[2*child+2] {
			child++
		}
		if !(xw[2*i] < xw[2*child]) {
			return
		}
		swapPairs(xw, i, child)
		i = child
	}
}

func swapPairs(xw []float64, i, j int) {
	xw[2*i], xw[2*j], xw[2*i+1], xw[2*j+1] = xw[2*j], xw[2*i], xw[2*j+1], xw[2*i+1]
}

// median is the middle number, or the mean of the two in the middle.
func median(xw []float64) float64 {
	sortPairs(xw)
	n := len(xw) / 2
	if n%2 == 1 {
		return xw[n-1]
	}
	return (xw[n-2] + xw[n]) / 2
}

// weightedMedian is the smallest number up to which the weights reach half of them all. PMML 4.4, weightedMedian.
func weightedMedian(xw []float64, total float64) float64 {
	sortPairs(xw)
	sum := 0.0
	for i := 0; i < len(xw); i += 2 {
		if sum += xw[i+1]; sum >= total/2 {
			return xw[i]
		}
	}
	return xw[len(xw)-2]
}

// classify combines predicted categories, or probabilities, by the method.
func (k *Mining) classify(f *Frame, m *Model, o *outcome) {
	n := len(m.Target.Categories)
	dist := f.scratch[k.Scratch : int(k.Scratch)+n]
	clear(dist)
	var t tally
	switch k.Method {
	case enum.MajorityVote, enum.WeightedMajorityVote:
		best := k.vote(f, dist, &t)
		if best < 0 || t.votesMissing > dist[best] || t.missing || k.tooMany(&t) {
			return
		}
		k.share(dist, t.weight)
		o.dist, o.category, o.value = dist, best, m.Target.Categories[best]
		return
	case enum.Average, enum.WeightedAverage:
		k.average(f, dist, &t)
		if t.votesMissing > 0 {
			return
		}
	default:
		k.extreme(f, dist, &t)
		if t.votesMissing > 0 {
			return
		}
	}
	if t.missing || t.weight == 0 || k.tooMany(&t) {
		return
	}
	k.share(dist, t.weight)
	o.dist, o.category = dist, argmax(dist)
	o.value = m.Target.Categories[o.category]
}

// share divides by the sum of the weights.
func (k *Mining) share(dist []float64, weight float64) {
	for i := range dist {
		if k.Float {
			dist[i] = float64(float32(dist[i]) / float32(weight))
		} else {
			dist[i] /= weight
		}
	}
}

// members runs the segments that fire and gives those that predict something.
func (k *Mining) members(f *Frame, weighted bool, t *tally, each func(s *Segment, of *outcome, w float64)) {
	for i := range k.Segments {
		s := &k.Segments[i]
		if !s.fires(f) {
			continue
		}
		share, w := s.weight(f), 1.0
		if weighted {
			w = share
		}
		of := s.Model.run(f)
		if of.value.State == value.Missing {
			k.absent(t, w, share)
			continue
		}
		t.counted += share
		each(s, of, w)
	}
}

// vote counts the predicted categories and gives the one with most votes; of equals the one that was voted for first.
func (k *Mining) vote(f *Frame, dist []float64, t *tally) int32 {
	turns := f.scratch[int(k.Scratch)+len(dist) : int(k.Scratch)+2*len(dist)] // when each was voted for first; 0: never
	clear(turns)
	turn := 0.0
	k.members(f, k.Method == enum.WeightedMajorityVote, t, func(s *Segment, of *outcome, w float64) {
		if c := s.category(of.category); c >= 0 && int(c) < len(dist) {
			dist[c] += w
			t.weight += w
			if turn++; turns[c] == 0 {
				turns[c] = turn
			}
		}
	})
	return winner(dist, turns)
}

// winner is the index of the largest number; of equals the one with the earliest turn. -1: nobody has a turn.
func winner(dist, turns []float64) int32 {
	best := int32(-1)
	for i := range dist {
		if turns[i] == 0 {
			continue
		}
		if best < 0 || dist[i] > dist[best] || dist[i] == dist[best] && turns[i] < turns[best] {
			best = int32(i)
		}
	}
	return best
}

// category gives the whole's index of a member's category.
func (s *Segment) category(c int32) int32 {
	if s.Categories == nil || c < 0 || int(c) >= len(s.Categories) {
		return c
	}
	return s.Categories[c]
}

func (k *Mining) average(f *Frame, dist []float64, t *tally) {
	k.members(f, k.Method == enum.WeightedAverage, t, func(s *Segment, of *outcome, w float64) {
		if of.dist == nil { // a member that gives no probabilities is sure of its category
			if c := s.category(of.category); c >= 0 && int(c) < len(dist) {
				dist[c] += w
			}
		}
		s.add(dist, of.dist, w, k.Float)
		t.weight += w
	})
}

// add adds a member's distribution times a weight.
func (s *Segment) add(dist, of []float64, w float64, float bool) {
	for i, p := range of {
		c := s.category(int32(i))
		if c < 0 || int(c) >= len(dist) {
			continue
		}
		if float {
			dist[c] = float64(float32(dist[c]) + float32(w)*float32(p))
		} else {
			dist[c] += w * p
		}
	}
}

// extreme combines by max, median or weightedMedian: the distributions of the members that come closest to the extreme
// probability of the winning category are averaged.
func (k *Mining) extreme(f *Frame, dist []float64, t *tally) {
	n, weighted := len(dist), k.Method == enum.WeightedMedian
	rows := f.scratch[int(k.Scratch)+n:] // of each member: weight, probabilities
	count := 0
	k.members(f, weighted, t, func(s *Segment, of *outcome, w float64) {
		row := rows[count*(n+1) : (count+1)*(n+1)]
		clear(row)
		row[0] = w
		if of.dist == nil {
			if c := s.category(of.category); c >= 0 && int(c) < n {
				row[1+c] = 1
			}
		}
		s.add(row[1:], of.dist, 1, k.Float)
		count++
	})
	if count == 0 {
		return
	}
	rows = rows[:count*(n+1)]
	work := f.scratch[int(k.Scratch)+n+len(k.Segments)*(n+1):]
	winner, aim := -1, math.Inf(-1)
	for c := range n {
		x := k.extremeOf(rows, c, n, work)
		if x > aim {
			winner, aim = c, x
		}
	}
	closest := math.Inf(1)
	for r := 0; r < len(rows); r += n + 1 {
		closest = math.Min(closest, math.Abs(rows[r+1+winner]-aim))
	}
	for r := 0; r < len(rows); r += n + 1 {
		if math.Abs(rows[r+1+winner]-aim) == closest {
			for c := range n {
				dist[c] += rows[r+1+c]
			}
			t.weight++
		}
	}
}

// extremeOf gives the maximum or median of one category's probabilities.
func (k *Mining) extremeOf(rows []float64, c, n int, work []float64) float64 {
	xw, total := work[:0], 0.0
	for r := 0; r < len(rows); r += n + 1 {
		xw = append(xw, rows[r+1+c], rows[r])
		total += rows[r]
	}
	switch k.Method {
	case enum.Max:
		most := math.Inf(-1)
		for i := 0; i < len(xw); i += 2 {
			most = math.Max(most, xw[i])
		}
		return most
	case enum.Median:
		return median(xw)
	}
	return weightedMedian(xw, total)
}

// ScratchSize is how many numbers a Mining with the given number of segments and categories keeps.
func ScratchSize(method enum.Method, segments, categories int) int {
	switch method {
	case enum.Median, enum.WeightedMedian, enum.Max:
		return 2*segments + categories + segments*(categories+1) + 2*categories
	}
	return 2 * categories
}

func (k *Mining) code(c *coder) {
	codec.Enum(c.Coder, &k.Method, enum.NumMethods)
	c.Bool(&k.Float)
	codec.Enum(c.Coder, &k.OnMissing, enum.NumMissingPredictions)
	c.Float64(&k.Threshold)
	k.categories = c.categories
	whole := c.categories
	codec.Slice(c.Coder, &k.Segments, 20, func(s *Segment) {
		c.Index(&s.ID, c.symbolBound())
		conditional := s.Predicate != nil
		c.Bool(&conditional)
		if conditional {
			expr.CodePredicate(c.Coder, &s.Predicate)
		}
		c.Float64(&s.Weight)
		c.Optional(&s.WeightSlot)
		if c.Reading() {
			s.Model = new(Model)
		}
		s.Model.code(c)
		codec.Slice(c.Coder, &s.Gives, 2, func(g *Give) {
			c.Slot(&g.From)
			c.Slot(&g.To)
		})
		c.Int32s(&s.Categories)
		if len(s.Categories) == 0 {
			s.Categories = nil
			if whole > 0 && len(s.Model.Target.Categories) > whole {
				c.Failf("a member has %d categories, the whole %d", len(s.Model.Target.Categories), whole)
			}
		}
		if s.Categories != nil && (len(s.Categories) != len(s.Model.Target.Categories) || slices.Max(s.Categories) >= int32(whole) || slices.Min(s.Categories) < -1) {
			c.Failf("the categories of a member do not fit")
		}
	})
	c.scratch(&k.Scratch, ScratchSize(k.Method, len(k.Segments), whole))
	c.categories = whole
}

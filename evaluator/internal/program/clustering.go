package program

import (
	"cmp"
	"math"
	"slices"

	"github.com/handoff-pmml/handoff/evaluator/internal/value"
)

// A Clustering is a clustering model. Its prediction is the cluster whose centre is most like the record; what it says of
// each category is how like the record is to that cluster.
type Clustering struct {
	Comparison Comparison
	Categories []int32      // of each cluster: index in the target's categories
	IDs        []value.Cell // of each category: as text
	Centers    []float64    // cluster by cluster: a coordinate for each field
	Ranked     bool         // somebody asks for the order of the clusters
	Scratch    int32        // a coordinate for each field; for each category, how like it is; then the categories in order
}

// ScratchSize is how many numbers a clustering keeps.
func (k *Clustering) ScratchSize() int { return len(k.Comparison.Fields) + 2*len(k.Categories) }

func (k *Clustering) eval(f *Frame, m *Model, o *outcome) {
	fields, n := len(k.Comparison.Fields), len(k.Categories)
	memory := f.scratch[k.Scratch : int(k.Scratch)+fields+2*n]
	x, likeness := memory[:fields], memory[fields:fields+n]
	adjustment, ok := k.Comparison.read(f, x)
	if !ok {
		return
	}
	best := int32(-1)
	for i, category := range k.Categories {
		d := k.Comparison.compare(x, k.Centers[i*fields:(i+1)*fields], adjustment)
		if math.IsNaN(d) {
			f.Need(f.Fail("Undefined result"))
			return
		}
		likeness[category] = d
		if best < 0 || k.Comparison.better(d, likeness[best]) {
			best = category
		}
	}
	if k.Ranked {
		o.order, o.ids, o.rated = rank(k.Categories, likeness, k.Comparison.Largest, memory[fields+n:]), k.IDs, likeness
	}
	o.dist, o.category, o.nearest = likeness, best, !k.Comparison.Largest
	o.value = m.Target.Categories[best]
	o.entity = k.IDs[best]
	o.show(m)
}

// show keeps the name of the cluster that is predicted. Other members of a mining model may have another name for its id.
func (o *outcome) show(m *Model) {
	if o.named = true; m.Target.Display != nil {
		o.name = m.Target.Display[o.category]
	}
}

// rank puts the categories of clusters into order, the most alike first; equals stay in the order of the document.
func rank(categories []int32, likeness []float64, largest bool, order []float64) []float64 {
	for i, category := range categories {
		order[i] = float64(category)
	}
	slices.SortStableFunc(order, func(a, b float64) int {
		if largest {
			a, b = b, a
		}
		return cmp.Compare(likeness[int(a)], likeness[int(b)])
	})
	return order
}

func (k *Clustering) code(c *coder) {
	k.Comparison.code(c)
	c.Int32s(&k.Categories)
	c.Cells(&k.IDs)
	c.Float64s(&k.Centers)
	c.Bool(&k.Ranked)
	fields := len(k.Comparison.Fields)
	if len(k.Categories) == 0 || len(k.Categories) != c.categories || len(k.IDs) != c.categories || len(k.Centers) != len(k.Categories)*fields {
		c.Failf("%d centres of %d fields for %d of %d categories", len(k.Centers), fields, len(k.Categories), c.categories)
		return
	}
	for i, category := range k.Categories {
		if category < 0 || int(category) >= c.categories || !k.Comparison.fits(k.Centers[i*fields:(i+1)*fields]) {
			c.Failf("cluster %d does not fit", i)
			return
		}
	}
	c.scratch(&k.Scratch, k.ScratchSize())
}

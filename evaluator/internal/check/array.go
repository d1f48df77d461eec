package check

import (
	"github.com/handoff-pmml/handoff/evaluator/internal/pmml"
)

// array calls each for every value of an Array.
func (c *checker) array(e *pmml.Element, each func(text string)) {
	c.attributes(e, "n", "type")
	c.noChildren(e)
	kind := c.choice(e, "type", "string", "int", "real")
	n := 0
	for text, err := range pmml.Array(e.Text(), kind == 0) {
		if err != nil {
			c.invalidArray(e.Place(), err)
			return
		}
		if kind > 0 {
			c.parseNumber(e.Place(), text)
		}
		each(text)
		n++
	}
	c.noteCount(e, "n", n)
}

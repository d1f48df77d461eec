package fn

import "regexp/syntax"

// unknownSize stands for patterns that run on the engine that goes back: they are small, but can take long.
const unknownSize = 5000

// PatternSize says how large a regular expression becomes when it is compiled, in instructions, without compiling it:
// repetitions are written out, so that a short text can become millions.
func PatternSize(expression string) int {
	if len(expression) > maxPattern {
		return 0 // it is refused for its length
	}
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return unknownSize
	}
	return instructions(tree)
}

// instructions counts those of a tree, whose depth the parser bounds to 1,000.
func instructions(tree *syntax.Regexp) int {
	n := 2 + len(tree.Rune)
	for _, sub := range tree.Sub {
		n += instructions(sub)
	}
	if tree.Op == syntax.OpRepeat {
		n *= max(1, tree.Min, tree.Max)
	}
	return n
}

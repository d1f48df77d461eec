//go:build race

package scoring_test

func init() { underRace = true }

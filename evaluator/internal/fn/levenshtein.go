package fn

import "unicode/utf8"

// maxLetters bounds the words that are compared letter by letter.
const maxLetters = 1000

// distanceWork estimates what it takes to compare words at all places of a text of n bytes: most places differ at once.
func distanceWork(n int, words []string) int {
	letters := 0
	for _, word := range words {
		letters += len(word)
	}
	return n * (4 + letters/4)
}

// distance adds the Levenshtein distances of the words; a sum greater than limit need not be exact.
func distance(a, b []string, limit int) (sum int) {
	for i := range b {
		if sum += levenshtein(a[i], b[i], limit-sum); sum > limit {
			break
		}
	}
	return sum
}

// levenshtein counts the letters to insert, delete or replace between a and b; more than limit if it is more,
// or if a word is longer than any word is.
func levenshtein(a, b string, limit int) int {
	if a == b {
		return 0
	}
	lengthA, lengthB := utf8.RuneCountInString(a), utf8.RuneCountInString(b)
	if limit <= 0 || lengthB > maxLetters || max(lengthA-lengthB, lengthB-lengthA) > limit {
		return limit + 1
	}
	// One row of the table, of which only the cells within limit of the diagonal matter.
	var buffer [64]int
	row := buffer[:0]
	for j := 0; j <= lengthB; j++ {
		row = append(row, j)
	}
	i := 0
	for _, r := range a {
		i++
		if nextRow(row, r, b, i, limit) > limit {
			return limit + 1
		}
	}
	return row[lengthB]
}

// nextRow takes the row of the first i-1 letters to that of i, whose last is r, and gives its least cell.
func nextRow(row []int, r rune, b string, i, limit int) (least int) {
	diagonal := row[0]
	row[0] = i
	least = i
	j := 0
	for _, s := range b {
		j++
		above := row[j]
		if j < i-limit || j > i+limit {
			row[j] = limit + 1
		} else {
			cost := 1
			if r == s {
				cost = 0
			}
			row[j] = min(diagonal+cost, above+1, row[j-1]+1)
		}
		diagonal = above
		least = min(least, row[j])
	}
	return least
}

package fn

import "math"

// Triangle is the number of cells of a lower triangular matrix of n rows with its diagonal. These stand row by row.
func Triangle(n int) int { return n * (n + 1) / 2 }

// Cholesky makes of the lower triangle of a symmetric matrix of n rows that of its Cholesky factor. It says whether the
// matrix is positive definite, as far as its digits tell.
func Cholesky(a []float64, n int) bool {
	const epsilon = 0x1p-52
	for i := range n {
		row := a[Triangle(i) : Triangle(i)+i+1]
		least := float64(n) * epsilon * row[i]
		for j := range i {
			other := a[Triangle(j) : Triangle(j)+j+1]
			x := row[j]
			for k := range j {
				x -= float64(row[k] * other[k])
			}
			row[j] = x / other[j]
		}
		x := row[i]
		for _, y := range row[:i] {
			x -= float64(y * y)
		}
		if !(x > least) || math.IsInf(x, 0) {
			return false
		}
		row[i] = math.Sqrt(x)
	}
	return true
}

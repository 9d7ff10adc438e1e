package sim

import (
	"math"
	"time"
)

// histogram counts durations in steps of 3 percent, so that any number of them fits.
type histogram struct {
	steps [1024]int64
	n     int64
	max   int64 // microseconds
}

var step = math.Log(1.03)

func (h *histogram) add(d time.Duration) {
	us := max(d.Microseconds(), 1)
	i := min(int(math.Log(float64(us))/step), len(h.steps)-1)
	h.steps[i]++
	h.n++
	h.max = max(h.max, us)
}

// at gives the duration in milliseconds that the share q of all stays below; 0 when there are none.
func (h *histogram) at(q float64) float64 {
	rank, seen := int64(math.Ceil(q*float64(h.n))), int64(0)
	for i, c := range h.steps {
		if seen += c; c > 0 && seen >= rank {
			return min(math.Exp(float64(i+1)*step), float64(h.max)) / 1000
		}
	}
	return 0
}

package catalog

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

var priceForm = regexp.MustCompile(`^[0-9]{1,8}(\.[0-9]{1,4})?$`)

// ParsePrice reads a price with at most four decimals, "10.00", as ten-thousandths; false when it is none (WS-2).
func ParsePrice(s string) (int64, bool) {
	if !priceForm.MatchString(s) {
		return 0, false
	}
	whole, part, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole+(part + "0000")[:4], 10, 64)
	return n, err == nil
}

// PriceText writes a price with two to four decimals.
func PriceText(price int64) string {
	s := new(big.Rat).SetFrac64(price, 10_000).FloatString(4) // exact: four decimals are all it has
	return strings.TrimSuffix(strings.TrimSuffix(s, "0"), "0")
}

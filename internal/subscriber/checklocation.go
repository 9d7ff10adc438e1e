package subscriber

import (
	"context"
	"strconv"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// What a room above asks before it lets somebody begin: the same rules as those of the use cases, without an effect. These decide nothing
// about rights.

// CheckLocation tells what is wrong with a location that is to be made, as CreateLocation would; nil when nothing is. Whether its name
// is free is another question.
func CheckLocation(p LocationPatch) error {
	if p.Name == nil {
		p.Name = new(string)
	}
	if p.Address == nil {
		p.Address = &Address{}
	}
	var l Location
	_, err := p.apply(&l)
	return err
}

// CheckNumbers tells which of the numbers could not be brought into an inventory: what is no number of the country, what comes twice,
// and what is in an inventory already.
func (s *Service) CheckNumbers(ctx context.Context, q db.Q, country string, texts []string) error {
	var c errs.Checker
	if len(texts) > maxNumbers {
		return errNumbers
	}
	seen := map[string]bool{}
	for i, text := range texts {
		field := "numbers[" + strconv.Itoa(i) + "]"
		n, err := E164(text, country)
		if err != nil {
			e := errs.As(err)
			c.Add(errs.Field{Name: field, Code: e.Code, Message: e.Message})
			continue
		}
		var there int64
		if err := q.Get(ctx, &there, `SELECT COUNT(*) FROM subscriber_numbers WHERE number = $1`, n); err != nil {
			return err
		}
		if there > 0 || seen[n] {
			c.Add(errs.Field{Name: field, Code: errNumberUsed.Code, Message: errNumberUsed.Message})
		}
		seen[n] = true
	}
	return c.Err()
}

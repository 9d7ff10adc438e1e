package api

import (
	"testing"
	"time"
)

// DM-207, DM-208.
func TestAWeekOfActivityBeginsOnMonday(t *testing.T) {
	now := time.Date(2020, 6, 19, 15, 0, 0, 0, time.UTC) // a Friday
	for date, want := range map[string]string{"": "2020-06-15", "2020-06-19": "2020-06-15", "2020-06-15": "2020-06-15", "2020-06-14": "2020-06-08", "2020-06-08": "2020-06-08",
		"2020-05-25": "2020-05-25", "2020-05-24": "refused", "2020-06-20": "refused", "19.06.2020": "refused"} {
		from, to, err := week(now, date)
		got := from.Format(time.DateOnly)
		if err != nil {
			got = "refused"
		}
		if got != want || err == nil && !to.Equal(from.AddDate(0, 0, 7)) {
			t.Errorf("%q gives %s, want %s", date, got, want)
		}
	}
}

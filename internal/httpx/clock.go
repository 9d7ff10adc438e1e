package httpx

import "time"

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now().UTC() }

// wall is the instant that socket deadlines count from. The kernel's timers know no injected clock.
func wall() time.Time { return time.Now() }

package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// gauges are figures of the whole installation, read from the database when somebody scrapes.
type gauges struct {
	a                         *App
	ready, running, dead, age *prometheus.Desc
}

func registerGauges(a *App) error {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("linecard_jobs_"+name, help, []string{"kind"}, nil)
	}
	return a.metrics.Registry.Register(&gauges{a: a, ready: desc("ready", "Jobs that are due."), running: desc("running", "Jobs that run now."),
		dead: desc("dead", "Jobs that failed for good."), age: desc("oldest_seconds", "How long the oldest due job has waited.")})
}

// Describe tells the registry the names.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.ready, g.running, g.dead, g.age} {
		ch <- d
	}
}

// Collect asks the queue; while the database is away the figures are missing rather than wrong.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	depths, err := g.a.Queue.Depth(ctx)
	if err != nil {
		return
	}
	for _, d := range depths {
		for desc, v := range map[*prometheus.Desc]float64{g.ready: float64(d.Ready), g.running: float64(d.Running), g.dead: float64(d.Failed), g.age: d.Oldest.Seconds()} {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, d.Kind)
		}
	}
}

package boot

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"linecard/internal/httpx"
)

// measure registers what is counted; without a registry it is counted all the same and shown nowhere.
func (h *Handler) measure(r prometheus.Registerer) {
	h.answers = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "linecard_phone_answers_total",
		Help: "Answers to phones: served, served_stale (without the database), served_file, served_software, stored, upload_refused, challenge, refused, limited, stale_nonce, stopped, impostor, not_found, method, fault."},
		[]string{"outcome"})
	if r == nil {
		return
	}
	counter := func(name, help string, f func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(f()) })
	}
	r.MustRegister(h.answers,
		counter("linecard_config_hits_total", "Files that were served from memory.", func() int64 { n, _, _ := h.config.Counts(); return n }),
		counter("linecard_config_renders_total", "Files that were rendered.", func() int64 { _, n, _ := h.config.Counts(); return n }),
		counter("linecard_config_stale_total", "Doors and files that were given without the database.", func() int64 { _, _, n := h.config.Counts(); return n }),
		counter("linecard_phone_doors_stale_total", "Requests that were let in or refused without the database.", h.known.stale.Load),
		counter("linecard_phone_requests_dropped_total", "Requests of phones that are not in their lists, because too many waited to be written.", func() int64 {
			h.diary.mu.Lock()
			defer h.diary.mu.Unlock()
			return h.diary.dropped
		}),
		counter("linecard_phone_knocks_dropped_total", "Knocks that were not noted, because too many waited to be written.", func() int64 {
			h.knocks.mu.Lock()
			defer h.knocks.mu.Unlock()
			return h.knocks.dropped
		}),
		counter("linecard_phone_sightings_dropped_total", "Phones that were seen but not noted, because too many waited to be written.", func() int64 {
			h.sightings.mu.Lock()
			defer h.sightings.mu.Unlock()
			return h.sightings.dropped
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "linecard_phone_sightings_waiting", Help: "Phones that were seen and not yet written."}, func() float64 {
			h.sightings.mu.Lock()
			defer h.sightings.mu.Unlock()
			return float64(len(h.sightings.waiting))
		}))
}

// count notes how a request ended, here and as the route of the access log: both are from this fixed set.
func (h *Handler) count(ctx context.Context, outcome string) {
	h.answers.WithLabelValues(outcome).Inc()
	httpx.SetRoute(ctx, "phone "+outcome)
}

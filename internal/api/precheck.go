package api

import (
	"context"

	"linecard/internal/onboard"
)

// Precheck is what a creation would meet (WS-121, WS-122).
type Precheck struct {
	OK       bool      `json:"ok" doc:"No finding is an error: the same request is accepted"`
	Findings []Finding `json:"findings"`
}

// Finding is one thing that a check has to say.
type Finding struct {
	Severity string            `json:"severity" enum:"error,warning,info"`
	Field    string            `json:"field" doc:"Path in the request; empty when it is about the whole"`
	Code     string            `json:"code"`
	Message  string            `json:"message"`
	Params   map[string]string `json:"params"`
}

func (a *API) precheckWholesale(ctx context.Context, c *call, in *createWholesaleIn) (Precheck, error) {
	all, err := a.d.Onboard.Precheck(ctx, c.actor, in.Body.request())
	out := Precheck{OK: true, Findings: []Finding{}}
	for _, f := range all {
		p := f.Params
		if p == nil {
			p = map[string]string{}
		}
		out.OK = out.OK && f.Severity != onboard.SeverityError
		out.Findings = append(out.Findings, Finding{Severity: string(f.Severity), Field: f.Field, Code: f.Code, Message: f.Message, Params: p})
	}
	return out, err
}

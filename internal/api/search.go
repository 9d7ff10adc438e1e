package api

import (
	"context"

	"linecard/internal/device"
)

type searchIn struct {
	Q     string `query:"q" required:"true" minLength:"2" maxLength:"100" doc:"Fragment of a MAC address; beginning or end of a serial number, extension or E.164 number; beginning of a name or of a word in it, or of a SIP address; IP address"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"20"`
}

// SearchResult are the devices that a search found, the best meaning of the text first.
type SearchResult struct {
	Items []SearchHit `json:"items"`
	More  bool        `json:"more" doc:"There may be others: type more of it"`
}

// SearchHit is a device that a search found.
type SearchHit struct {
	Type         string `json:"type" enum:"device"`
	MatchedBy    string `json:"matched_by" enum:"mac,serial,name,line,address"`
	Matched      string `json:"matched" doc:"The text that fits"`
	CustomerName string `json:"customer_name"`
	Device       Device `json:"device"`
}

func hitOf(h device.Hit) SearchHit {
	return SearchHit{Type: "device", MatchedBy: h.By, Matched: h.Text, CustomerName: h.Customer, Device: deviceOf(h.Device)}
}

func (a *API) search(ctx context.Context, c *call, in *searchIn) (SearchResult, error) {
	hits, more, err := a.d.Devices.Search(ctx, c.actor, in.Q, in.Limit)
	return SearchResult{Items: listOf(hits, "", hitOf).Items, More: more}, err
}

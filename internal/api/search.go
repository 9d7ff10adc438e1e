package api

import (
	"context"

	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/subscriber"
)

type searchIn struct {
	Q     string `query:"q" required:"true" minLength:"2" maxLength:"100" doc:"Fragment of a MAC address; beginning or end of a serial number or of the number of a line; beginning of an extension or an E.164 number, of a name or a last name, of an e-mail or SIP address; IP address"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"20"`
}

// SearchResult is what a search found: devices, the best meaning of the text first, then people, places and numbers.
type SearchResult struct {
	Items []SearchHit `json:"items"`
	More  bool        `json:"more" doc:"There may be others: type more of it"`
}

// SearchHit is something that a search found.
type SearchHit struct {
	Type         string  `json:"type" enum:"device,user,workspace,location,number"`
	ID           string  `json:"id"`
	CustomerID   string  `json:"customer_id"`
	CustomerName string  `json:"customer_name"`
	Name         string  `json:"name" doc:"How it is called; of a number, the number"`
	MatchedBy    string  `json:"matched_by" enum:"mac,serial,name,line,address,extension,email,number"`
	Matched      string  `json:"matched" doc:"The text that fits"`
	Device       *Device `json:"device" doc:"Of a device; null for anything else"`
}

func hitOf(h device.Hit) SearchHit {
	d := deviceOf(h.Device)
	return SearchHit{Type: "device", ID: d.ID, CustomerID: d.CustomerID, CustomerName: h.Customer, Name: d.DisplayName, MatchedBy: h.By, Matched: h.Text, Device: &d}
}

func subscriberHit(h subscriber.Hit) SearchHit {
	return SearchHit{Type: h.Type, ID: h.ID, CustomerID: h.CustomerID, CustomerName: h.CustomerName, Name: h.Name, MatchedBy: h.By, Matched: h.Text}
}

// search asks each room for what it has; what the actor may see of one only is not refused because of the other.
func (a *API) search(ctx context.Context, c *call, in *searchIn) (SearchResult, error) {
	devices, more, err := a.d.Devices.Search(ctx, c.actor, in.Q, in.Limit)
	refused := err
	if err != nil && errs.KindOf(err) != errs.Forbidden {
		return SearchResult{}, err
	}
	others, also, err := a.d.Subscriber.Search(ctx, c.actor, in.Q, in.Limit)
	switch {
	case err != nil && errs.KindOf(err) != errs.Forbidden:
		return SearchResult{}, err
	case err != nil && refused != nil:
		return SearchResult{}, refused
	}
	room := max(in.Limit/2, in.Limit-len(others)) // neither kind crowds out the other
	if len(devices) > room {
		devices, more = devices[:room], true
	}
	if left := in.Limit - len(devices); len(others) > left {
		others, also = others[:left], true
	}
	out := SearchResult{Items: listOf(devices, "", hitOf).Items, More: more || also}
	out.Items = append(out.Items, listOf(others, "", subscriberHit).Items...)
	return out, nil
}

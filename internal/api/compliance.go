package api

import (
	"bytes"
	"context"
	"time"

	"linecard/internal/onboard"
)

// ScreeningList is a list of restricted parties (WS-44).
type ScreeningList struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	SHA256   string     `json:"sha256" doc:"Of the file"`
	Entries  int64      `json:"entries"`
	InForce  bool       `json:"in_force"`
	Loaded   time.Time  `json:"loaded"`
	LoadedBy string     `json:"loaded_by"`
	Ended    *time.Time `json:"ended"`
}

func screeningListOf(l onboard.List) ScreeningList {
	return ScreeningList{ID: l.ID, Name: l.Name, SHA256: l.SHA256, Entries: l.Entries, InForce: l.InForce, Loaded: l.Loaded.Time, LoadedBy: l.LoadedBy, Ended: when(l.Ended)}
}

type listScreeningListsIn struct {
	Paged
	Sort string `query:"sort" enum:"loaded,-loaded"`
}

func (a *API) listScreeningLists(ctx context.Context, c *call, in *listScreeningListsIn) (List[ScreeningList], error) {
	all, next, err := a.d.Onboard.Lists(ctx, c.actor, in.page(in.Sort))
	return listOf(all, next, screeningListOf), err
}

type loadScreeningListIn struct {
	Name string `query:"name" maxLength:"64" default:"consolidated" doc:"It takes the place of the list in force of the same name"`
}

func (a *API) loadScreeningList(ctx context.Context, c *call, in *loadScreeningListIn) (ScreeningList, error) {
	l, err := a.d.Onboard.LoadList(ctx, c.actor, in.Name, bytes.NewReader(c.body))
	return screeningListOf(l), err
}

type screeningListRef struct {
	List string `path:"list" doc:"Id of the list"`
}

func (a *API) deleteScreeningList(ctx context.Context, c *call, in *screeningListRef) (none, error) {
	return none{}, a.d.Onboard.RemoveList(ctx, c.actor, in.List)
}

// ScreeningHit is a possible match with a party of a list.
type ScreeningHit struct {
	ListID string `json:"list_id"`
	List   string `json:"list"`
	Source string `json:"source"`
	Number string `json:"number" doc:"Of the party in its list"`
	Name   string `json:"name"`
	On     string `json:"on" enum:"name,contact,address,email"`
	Given  string `json:"given" doc:"What of the customer matched"`
	Score  int    `json:"score" doc:"Thousandths; from 860 on a name is a possible match, from 930 on when the countries differ"`
	Abroad bool   `json:"abroad" doc:"No address of the party lies in the customer's country"`
}

func hitsOf(all []onboard.Hit) []ScreeningHit {
	out := make([]ScreeningHit, 0, len(all))
	for _, h := range all {
		out = append(out, ScreeningHit(h))
	}
	return out
}

// ComplianceCase is a customer that waits for its compliance check, or waited.
type ComplianceCase struct {
	ID           string         `json:"id" doc:"Of the customer"`
	OwnerID      string         `json:"owner_id"`
	Name         string         `json:"name"`
	Email        string         `json:"email"`
	Address      PostalAddress  `json:"address"`
	State        string         `json:"state" enum:"clear,pending,escalated,approved,denied"`
	PendingSince *time.Time     `json:"pending_since"`
	Checked      *time.Time     `json:"checked" doc:"Last look into the lists"`
	Checks       int64          `json:"checks"`
	Hits         []ScreeningHit `json:"hits"`
	Lists        []string       `json:"lists" doc:"Ids of the lists that were looked into"`
	Decided      *time.Time     `json:"decided"`
	DecidedBy    string         `json:"decided_by"`
	Reason       string         `json:"reason"`
}

func caseOf(c onboard.Customer) ComplianceCase {
	return ComplianceCase{ID: c.ID, OwnerID: c.OwnerID, Name: c.Name, Email: c.Email, Address: PostalAddress(c.Address.V), State: c.Compliance, PendingSince: when(c.PendingSince),
		Checked: when(c.Checked), Checks: c.Checks, Hits: hitsOf(c.Hits.V), Lists: orEmpty(c.Lists.V), Decided: when(c.Decided), DecidedBy: c.DecidedBy, Reason: c.Reason}
}

type listCasesIn struct {
	Paged
	Sort  string `query:"sort" enum:"pending_since,-pending_since"`
	State string `query:"state" enum:"pending,escalated"`
}

func (a *API) listCases(ctx context.Context, c *call, in *listCasesIn) (List[ComplianceCase], error) {
	all, next, err := a.d.Onboard.Cases(ctx, c.actor, onboard.CaseQuery{State: in.State, Page: in.page(in.Sort)})
	return listOf(all, next, caseOf), err
}

func (a *API) getCase(ctx context.Context, c *call, in *CustomerRef) (ComplianceCase, error) {
	k, err := a.d.Onboard.Case(ctx, c.actor, in.Customer)
	c.tagged(k.Version)
	return caseOf(k), err
}

// ComplianceDecision is what the compliance team decides.
type ComplianceDecision struct {
	Approve bool   `json:"approve" doc:"False denies the customer for good"`
	Reason  string `json:"reason" minLength:"1" maxLength:"2000"`
}

type decideCaseIn struct {
	CustomerRef
	Body ComplianceDecision
}

func (a *API) decideCase(ctx context.Context, c *call, in *decideCaseIn) (ComplianceCase, error) {
	k, err := a.d.Onboard.Decide(ctx, c.actor, in.Customer, onboard.Decision{Approve: in.Body.Approve, Reason: in.Body.Reason, IfVersion: c.ifVersion()})
	c.tagged(k.Version)
	return caseOf(k), err
}

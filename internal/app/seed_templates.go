package app

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/onboard"
)

// templates gives the platform a carrier, and partner and sub-partner an onboarding template each, so that the demo's provisioning id works in
// a creation (WS-103).
func (s *seeder) templates(ctx context.Context, w *World, ada, mara, chen access.Actor) error {
	name, region := "Northwind Voice", "EMEA"
	numbers := []catalog.DialInNumber{{Country: "GB", Number: "+442079460500"}, {Country: "DE", Number: "+493023125000"}}
	k, err := s.Onboard.AddCarrier(ctx, ada, onboard.CarrierPatch{Name: &name, Region: &region, Numbers: &numbers})
	if err != nil {
		return err
	}
	for _, x := range []struct {
		who      access.Actor
		to       *WorldAccount
		name, in string
	}{{mara, &w.Partner, "Small business, United Kingdom", "GB"}, {chen, &w.SubPartner, "中小企业", "CN"}} {
		t, err := s.Onboard.CreateTemplate(ctx, x.who, onboard.NewTemplate{Name: x.name, Country: x.in, CarrierID: k.ID})
		if err != nil {
			return err
		}
		x.to.ProvisioningID = t.ProvisioningID
	}
	return nil
}

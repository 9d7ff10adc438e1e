package billing

import (
	"bytes"
	"context"

	"linecard/internal/access"
	"linecard/internal/errs"
)

// The files of a statement.
const (
	FilePDF    = "statement.pdf"
	FileLines  = "lines.csv"
	FilePrices = "prices.csv"
)

// InvoiceFile gives a file of a statement and its media type: the page as PDF, its lines as CSV, the price list of its subscription as
// CSV. Another name is NotFound.
func (s *Service) InvoiceFile(ctx context.Context, actor access.Actor, id, name string) (body []byte, media string, err error) {
	i, err := s.Invoice(ctx, actor, id)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	const csvType = "text/csv; charset=utf-8; header=present"
	switch name {
	case FilePDF:
		partner, err := s.tenants.Load(ctx, s.db, i.PartnerID)
		if err != nil {
			return nil, "", err
		}
		operator, err := s.tenants.Operator(ctx, s.db)
		if err != nil {
			return nil, "", err
		}
		err = i.WritePDF(&b, Letterhead{From: operator.Name, To: partner.Name, Address: partner.Address})
		return b.Bytes(), "application/pdf", err
	case FileLines:
		err = i.WriteLines(&b)
	case FilePrices:
		prices, perr := s.catalog.PricesOf(ctx, s.db, i.SubscriptionID)
		if err = perr; err == nil {
			err = WritePrices(&b, i.Currency, prices)
		}
	default:
		err = errs.Missing("object")
	}
	return b.Bytes(), csvType, err
}

package blob

import (
	"context"
	"errors"
	"io"
)

// reader hands out exactly the bytes that Open promised: it fails when the storage ends early, and turns the storage's
// failures into ours.
type reader struct {
	ctx  context.Context
	rest int64
	from io.ReadCloser
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, errAway.Because(err)
	}
	if r.rest == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > r.rest {
		p = p[:r.rest]
	}
	n, err := r.from.Read(p)
	r.rest -= int64(n)
	switch {
	case r.rest == 0:
		return n, io.EOF
	case errors.Is(err, io.EOF):
		return n, errAway.Because(io.ErrUnexpectedEOF)
	case err != nil:
		return n, errAway.Because(err)
	}
	return n, nil
}

func (r *reader) Close() error {
	if err := r.from.Close(); err != nil {
		return errAway.Because(err)
	}
	return nil
}

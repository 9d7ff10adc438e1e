package firmware

import (
	"context"
	"io"
	"sort"

	"linecard/internal/blob"
)

// piece is a stretch of a file that lies in a blob of its own.
type piece struct {
	Start int64  `db:"start"`
	Size  int64  `db:"size"`
	Blob  string `db:"blob"`
}

// source reads a file that lies in pieces. It goes on where the last read ended without asking the storage again, since both a copy
// and the directory of an archive are read in order. Not safe for concurrent use.
type source struct {
	ctx    context.Context
	files  blob.Store
	pieces []piece
	size   int64

	at   int64 // where open goes on
	end  int64 // where its piece ends
	open io.ReadCloser
}

func newSource(ctx context.Context, files blob.Store, pieces []piece) *source {
	s := &source{ctx: ctx, files: files, pieces: pieces}
	if n := len(pieces); n > 0 {
		s.size = pieces[n-1].Start + pieces[n-1].Size
	}
	return s
}

// ReadAt reads as io.ReaderAt says.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		m, err := s.read(p[n:], off+int64(n))
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *source) read(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	if s.open == nil || off != s.at || s.at == s.end {
		if err := s.seek(off); err != nil {
			return 0, err
		}
	}
	if room := s.end - s.at; int64(len(p)) > room {
		p = p[:room]
	}
	n, err := io.ReadFull(s.open, p)
	s.at += int64(n)
	return n, err
}

func (s *source) seek(off int64) error {
	s.Close()
	i := sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].Start+s.pieces[i].Size > off })
	x := s.pieces[i]
	r, _, err := s.files.Open(s.ctx, x.Blob, off-x.Start)
	if err != nil {
		return err
	}
	s.open, s.at, s.end = r, off, x.Start+x.Size
	return nil
}

// Close gives the storage back.
func (s *source) Close() {
	if s.open != nil {
		_ = s.open.Close()
		s.open = nil
	}
}

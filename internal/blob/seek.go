package blob

import (
	"context"
	"errors"
	"io"
)

// Seekable reads a file of known size from wherever it is set to, for whoever serves ranges. The storage is asked when the first byte
// is read, so moving costs nothing; it keeps no part of the file. ctx must live until Close.
func Seekable(ctx context.Context, s Store, key string, size int64) io.ReadSeekCloser {
	return &seekable{ctx: ctx, store: s, key: key, size: size}
}

type seekable struct {
	ctx   context.Context
	store Store
	key   string
	size  int64
	at    int64
	open  io.ReadCloser
}

var (
	errSeek    = errors.New("blob: seek outside of the file")
	errChanged = errors.New("blob: the file has another size than is known of it")
)

// Seek moves without touching the storage.
func (f *seekable) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 || offset > f.size {
		return 0, errSeek
	}
	if offset != f.at {
		_ = f.Close()
	}
	f.at = offset
	return offset, nil
}

// Read gives the next bytes; io.EOF at the end of the file, an error when the storage has another file by now.
func (f *seekable) Read(p []byte) (int, error) {
	if f.at >= f.size {
		return 0, io.EOF
	}
	if f.open == nil {
		r, info, err := f.store.Open(f.ctx, f.key, f.at)
		if err != nil {
			return 0, err
		}
		if f.open = r; info.Size != f.size {
			_ = f.Close()
			return 0, errAway.Because(errChanged)
		}
	}
	n, err := f.open.Read(p)
	f.at += int64(n)
	return n, err
}

// Close gives the storage back.
func (f *seekable) Close() error {
	if f.open == nil {
		return nil
	}
	err := f.open.Close()
	f.open = nil
	return err
}

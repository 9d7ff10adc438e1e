package blob

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"sort"
	"strings"
)

func (f *folder) List(ctx context.Context, prefix, after string, limit int) ([]Info, error) {
	if err := checkListing(prefix, after); err != nil {
		return nil, err
	}
	w := walk{folder: f, ctx: ctx, prefix: prefix, after: after, limit: listLimit(limit)}
	if err := w.dir(""); err != nil && !errors.Is(err, errEnough) {
		return nil, translate(err)
	}
	return w.found, nil
}

var errEnough = errors.New("limit reached")

// walk goes through the tree in byte order of the keys. Within a folder a sub-folder sorts as its name with "/", because that
// is how its keys go on: "a-b" comes before "a/b", and "a0" after it.
type walk struct {
	*folder
	ctx           context.Context
	prefix, after string
	limit         int
	found         []Info
}

func (w *walk) dir(at string) error {
	if err := w.ctx.Err(); err != nil {
		return errAway.Because(err)
	}
	entries, err := fs.ReadDir(w.root.FS(), path.Clean(at))
	if errors.Is(err, fs.ErrNotExist) && at != "" {
		return nil // emptied and removed meanwhile
	}
	if err != nil {
		return errAway.Because(err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		if checkKey(e.Name()) == nil && w.wanted(at+name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			err = w.dir(at + name)
		} else {
			err = w.file(at + name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// wanted says whether a file, or a key in a folder (name ends in "/"), can be part of the answer.
func (w *walk) wanted(name string) bool {
	if strings.HasSuffix(name, "/") {
		inPrefix := strings.HasPrefix(name, w.prefix) || strings.HasPrefix(w.prefix, name)
		return inPrefix && (name > w.after || strings.HasPrefix(w.after, name))
	}
	return strings.HasPrefix(name, w.prefix) && name > w.after
}

func (w *walk) file(key string) error {
	info, err := w.root.Lstat(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	w.found = append(w.found, Info{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()})
	if len(w.found) == w.limit {
		return errEnough
	}
	return nil
}

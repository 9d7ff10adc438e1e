package db

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements prepares each SQL text once per connection or pool and keeps it, because preparing again costs as much as
// running (dependencies: 36 µs against 17 µs). The number of texts is bounded; past it the oldest half is dropped.
type statements struct {
	on interface {
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	}
	mu    sync.RWMutex
	kept  map[string]*sql.Stmt
	order []string
}

const statementsMost = 512

func newStatements(on interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}) *statements {
	return &statements{on: on, kept: map[string]*sql.Stmt{}}
}

func (s *statements) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.RLock()
	st := s.kept[query]
	s.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.kept[query]; st != nil {
		return st, nil
	}
	st, err := s.on.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	if len(s.order) >= statementsMost {
		for _, q := range s.order[:statementsMost/2] {
			_ = s.kept[q].Close() // a statement in use is closed by database/sql when its rows are
			delete(s.kept, q)
		}
		s.order = append([]string(nil), s.order[statementsMost/2:]...)
	}
	s.kept[query] = st
	s.order = append(s.order, query)
	return st, nil
}

func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	for _, st := range s.kept {
		all = append(all, st.Close())
	}
	s.kept, s.order = map[string]*sql.Stmt{}, nil
	return errors.Join(all...)
}

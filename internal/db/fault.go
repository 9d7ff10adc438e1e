package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	lite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"linecard/internal/errs"
)

// What drivers report, as errs kinds. The driver's own error stays inside as the cause.
var (
	errDuplicate  = errs.New(errs.Conflict, "already_exists", "There is one with this value already.")
	errReferenced = errs.New(errs.Conflict, "still_referenced", "Something else still refers to it, or what it refers to is gone.")
	errRule       = errs.New(errs.Conflict, "rule_broken", "The change would break a rule of the stored data.")
	errAway       = errs.New(errs.Unavailable, "database_unavailable", "The database cannot be reached at the moment. Please try again.").Retry(5 * time.Second)
	errFull       = errs.New(errs.Unavailable, "disk_full", "There is no room left to store the change. Please try again later.").Retry(60 * time.Second)
)

// translate turns a driver's error into an errs kind; an error that has one already passes unchanged.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return errs.Missing("object")
	}
	var le *lite.Error
	if errors.As(err, &le) {
		return translateLite(le, err)
	}
	var ce *pgconn.ConnectError
	if errors.As(err, &ce) { // whatever the server says while it refuses a connection, it is away
		return errAway.Because(err)
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return translatePG(pe, err)
	}
	var ne net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errs.New(errs.TimedOut, "cancelled", "The request was given up before it was done.").Because(err)
	case errors.As(err, &ne), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, sql.ErrConnDone), errors.Is(err, net.ErrClosed), pgconn.SafeToRetry(err),
		strings.Contains(err.Error(), "conn closed"), strings.Contains(err.Error(), "sql: database is closed"):
		return errAway.Because(err)
	}
	return err
}

func translateLite(e *lite.Error, err error) error {
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return errDuplicate.Because(err)
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return errReferenced.Because(err)
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_CONSTRAINT:
		return errRule.Because(err)
	case lib.SQLITE_FULL:
		return errFull.Because(err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_NOMEM, lib.SQLITE_PROTOCOL:
		return errAway.Because(err)
	case lib.SQLITE_INTERRUPT:
		return errs.New(errs.TimedOut, "cancelled", "The request was given up before it was done.").Because(err)
	}
	return err
}

func translatePG(e *pgconn.PgError, err error) error {
	switch e.Code {
	case "23505":
		return errDuplicate.Because(err)
	case "23503":
		return errReferenced.Because(err)
	case "53100":
		return errFull.Because(err)
	case "57014":
		return errs.New(errs.TimedOut, "cancelled", "The request was given up before it was done.").Because(err)
	case "22021", "22P05": // NUL or broken UTF-8, which PostgreSQL cannot store and SQLite can
		return errs.New(errs.Invalid, "text_refused", "The input holds characters that cannot be stored.").Because(err)
	case "40001", "40P01":
		return err // lost tells Tx to run it again
	}
	switch e.Code[:2] {
	case "23":
		return errRule.Because(err)
	case "08", "53", "57", "58", "25", "28", "3D":
		return errAway.Because(err)
	}
	return err
}

// lost says whether a transaction only lost against a concurrent one and may be run again.
func lost(err error) bool {
	if errors.Is(err, errGroupLost) {
		return true
	}
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}

// IsUnique says whether err is the violation of the unique index over exactly these columns of table. Unique indexes are
// named <table>_<column>_<column>, because PostgreSQL reports the name and SQLite the columns.
func IsUnique(err error, table string, columns ...string) bool {
	var le *lite.Error
	if errors.As(err, &le) {
		_, names, _ := strings.Cut(le.Error(), "UNIQUE constraint failed: ")
		names, _, _ = strings.Cut(names, " (")
		want := make([]string, len(columns))
		for i, c := range columns {
			want[i] = table + "." + c
		}
		return slices.Equal(strings.Split(names, ", "), want)
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.Code == "23505" {
		return pe.ConstraintName == table+"_"+strings.Join(columns, "_") ||
			(pe.ConstraintName == table+"_pkey" && len(columns) == 1 && columns[0] == "id")
	}
	return false
}

package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// movingName is how [Move] is called among the clients of a server.
const movingName = "roomkey move"

// openPostgresSide opens a database with its own name, so that it is not taken for a
// roomkey that runs. Its statements may take as long as they need.
func openPostgresSide(ctx context.Context, url string) (*moveSide, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = movingName
	config.RuntimeParams["lock_timeout"] = milliseconds(patience)
	s := &moveSide{dialect: &postgresDialect, name: describePostgres(config), db: stdlib.OpenDB(*config)}
	if err := reach(ctx, s.db, s.name); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// refusedByPostgres says whether the server has said that it did not do something.
func refusedByPostgres(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Severity == "ERROR"
}

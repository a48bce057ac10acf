package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"roomkey/meet"
)

// Beside the co-admins of a room the table has its admin, if that is not its
// creator. So it has all rooms that somebody administers and has not created.
const (
	coAdmins = "COALESCE((SELECT string_agg(room_admins.subject, '\n') FROM room_admins" +
		" WHERE room_admins.room_id = rooms.id AND room_admins.subject <> rooms.admin_id), '')"

	insertAdmin = `INSERT INTO room_admins (room_id, subject, room_created_at) VALUES ($1, $2, $3)`

	deleteAdmins = `DELETE FROM room_admins WHERE room_id = $1`
)

func (t *tx) insertAdmins(r meet.Room) (err error) {
	subjects := slices.Clone(r.Admins)
	if r.AdminID != r.CreatedBy && !slices.Contains(subjects, r.AdminID) {
		subjects = append(subjects, r.AdminID)
	}
	for _, subject := range subjects {
		err = cmp.Or(err, t.exec("insert admin of a room", insertAdmin, r.ID, subject, r.CreatedAt.UnixMilli()))
	}
	return err
}

// replaceAdmins stores who administers a room, if that has changed.
func (t *tx) replaceAdmins(was, is meet.Room) error {
	if was.AdminID == is.AdminID && slices.Equal(was.Admins, is.Admins) {
		return nil
	}
	return cmp.Or(t.exec("delete admins of a room", deleteAdmins, is.ID), t.insertAdmins(is))
}

// lines are texts without line breaks, read from one text with a line for each.
type lines []string

// Scan implements [sql.Scanner].
func (l *lines) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("column holds %T, not a text", value)
	}
	if *l = nil; text != "" {
		*l = strings.Split(text, "\n")
		slices.Sort(*l)
	}
	return nil
}

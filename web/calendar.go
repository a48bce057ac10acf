package web

import (
	"net/http"

	ics "github.com/arran4/golang-ical"
)

// calendarEntry gives the room that a code opens as an entry for calendars (RFC
// 5545). For a code that opens none now the answer is that of the exchange.
func (s *Server) calendarEntry(w http.ResponseWriter, r *http.Request) error {
	entry, err := s.Service.CalendarEntry(r.Context(), s.anonymous(r), r.PathValue("code"))
	if err != nil {
		return err
	}
	calendar := ics.NewCalendar()
	calendar.SetProductId("-//Roomkey//Roomkey//EN")
	calendar.SetMethod(ics.MethodPublish)
	event := calendar.AddEvent(entry.RoomID)
	event.SetDtStampTime(entry.ChangedAt)
	event.SetModifiedAt(entry.ChangedAt)
	event.SetSequence(entry.Revision) // calendars take in an entry that they have only with a higher one
	event.SetStartAt(entry.StartsAt)
	if !entry.EndsAt.IsZero() {
		event.SetEndAt(entry.EndsAt)
	}
	event.SetSummary(entry.Title)
	event.SetLocation(entry.Link)
	event.SetURL(entry.Link)
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+entry.RoomName+`.ics"`) // names need no escaping
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	_ = calendar.SerializeTo(w, ics.WithNewLineWindows) // fails only when the client is gone
	return nil
}

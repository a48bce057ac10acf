package meet

import "context"

// RoomNames gives the names of active rooms that p may list and that begin
// with prefix, the newest first and at most [MaxPage], and says whether there
// are more.
func (s *Service) RoomNames(ctx context.Context, p Principal, prefix string) (names []string, more bool, err error) {
	active, most := true, MaxPage
	f := RoomFilter{Query: normalizeName(prefix), Active: &active, Limit: &most}
	if Allowed(p, ActListAll, nil) {
		f.Scope = ScopeAll
	}
	q, limit, err := s.roomQuery(p, f)
	if err != nil {
		return nil, false, err
	}
	q.AtStart = true
	listed, err := s.rooms(ctx, p, q)
	if err != nil {
		return nil, false, s.storeError(err, "")
	}
	if more = len(listed) > limit; more {
		listed = listed[:limit]
	}
	names = make([]string, len(listed))
	for i, r := range listed {
		names[i] = r.Name
	}
	return names, more, nil
}

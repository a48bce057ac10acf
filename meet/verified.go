package meet

// verified says whether an access token proved that somebody is who UserID says.
// Whoever was brought by another, also by an admin, has proven nothing.
func (j Join) verified() bool { return !j.Vouched && j.asThemself() }

// Verified says whether an access token proved that whoever asks is who UserID
// says.
func (r JoinRequest) Verified() bool { return Join{Subject: r.Subject, UserID: r.UserID}.verified() }

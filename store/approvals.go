package store

import "roomkey/meet"

// The first admission by an approval is the one it is for.
const useApproval = `UPDATE join_requests SET admitted = $2 WHERE id = $1 AND admitted = ''`

// useApproval notes whom an approval has let in.
func (t *tx) useApproval(join meet.Admission, request meet.JoinRequest) error {
	if join.RequestID == "" || request.Admitted != "" {
		return nil
	}
	return failed("use approval", t.exec(useApproval, join.RequestID, join.Identity))
}

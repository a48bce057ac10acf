//go:build unix

package livekittest

import "syscall"

// Pause stops the process where it is (SIGSTOP) until [Server.Continue]. Its
// connections stay open and nobody answers on them.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Continue lets a paused process go on.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal syscall.Signal) {
	s.tb.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.tb.Fatalf("send %v to LiveKit: %v", signal, err)
	}
}

// Package meet is the product in plain Go: rooms, the codes that let people
// in, the roles those codes carry, who may do what, and the [Service] that
// keeps the promises.
//
// It refuses to know how it is asked (MCP, HTTP, a command line), where it
// keeps its data ([Store]) and which media server carries the calls ([Media]).
// It imports the standard library alone; everything else imports it.
package meet

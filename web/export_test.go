package web

// LongestWait is how long a call is held open at most.
const LongestWait = longestWait

package api

// Documented lists "status code" of everything that the operation's description names.
func Documented(op Op) []string { return op.codes() }
